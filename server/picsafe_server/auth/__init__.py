"""Tokens and public keys that all roles share."""
