"""Changes of the index, and how they reach live streams."""
