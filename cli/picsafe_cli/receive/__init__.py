"""Receiving reports: collecting, downloading, opening, saving."""
