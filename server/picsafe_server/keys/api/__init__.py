"""HTTP routes of the key server, their access rules and responses."""
