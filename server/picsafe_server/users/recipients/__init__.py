"""Search for recipients."""
