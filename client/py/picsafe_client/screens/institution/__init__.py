"""Administration of an institution."""
