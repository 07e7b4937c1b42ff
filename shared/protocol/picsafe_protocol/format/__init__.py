"""The `.picsafe` format: package, payload, report."""
