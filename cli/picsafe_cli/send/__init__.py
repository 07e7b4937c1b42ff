"""Sending a report from a computer."""
