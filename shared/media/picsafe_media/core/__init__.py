"""Edits by offset, bounded reading and the model of a medium."""
