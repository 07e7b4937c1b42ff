"""Tables of the user server."""
