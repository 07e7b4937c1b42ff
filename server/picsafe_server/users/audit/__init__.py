"""The logs of administrative changes and of security events."""
