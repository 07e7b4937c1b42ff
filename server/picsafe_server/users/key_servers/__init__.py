"""Permitted key servers, and the checkpoints of their logs."""
