"""Changes of the index, and their delivery to live streams."""
