"""Parts of `docs/` that are written from the code."""
