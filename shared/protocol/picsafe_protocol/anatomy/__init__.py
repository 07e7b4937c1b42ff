"""Body sites."""
