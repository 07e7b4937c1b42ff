"""Texts in every language, and how values and errors are put into words."""
