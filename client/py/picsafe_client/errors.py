"""Outcomes that are not protocol errors."""

from __future__ import annotations


class Cancelled(Exception):
    """The person stopped what was going on. No error: the banner ignores it."""
