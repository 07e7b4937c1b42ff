"""URLs, navigation and the base class of screens."""
