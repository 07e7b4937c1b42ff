"""Tables of a cloud."""
