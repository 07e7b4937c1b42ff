"""Routes of the key server, who may call them, and their schemas."""
