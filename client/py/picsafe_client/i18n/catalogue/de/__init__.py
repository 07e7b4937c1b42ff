"""German: addresses people with "Sie"."""

from __future__ import annotations

from typing import Final

NAME: Final = "Deutsch"
LOCALE: Final = "de-DE"
CATEGORIES: Final = ("one", "other")
CAPITAL_NOUNS: Final = True


def plural(number: int) -> str:
    """1 Bericht, but 0 Berichte."""
    return "one" if number == 1 else "other"
