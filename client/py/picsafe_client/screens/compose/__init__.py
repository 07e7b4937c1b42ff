"""Composing and sending a report."""
