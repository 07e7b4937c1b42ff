"""What the key server does for its callers, one module an operation."""
