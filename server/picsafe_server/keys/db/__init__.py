"""Tables of the key server."""
