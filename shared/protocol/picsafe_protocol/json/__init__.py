"""Strict JSON, timestamps and safe CSV."""
