"""British English, the language in which the texts are written first."""

from __future__ import annotations

from typing import Final

NAME: Final = "English"
LOCALE: Final = "en-GB"
CATEGORIES: Final = ("one", "other")
CAPITAL_NOUNS: Final = False


def plural(number: int) -> str:
    """1 report, but 0 reports."""
    return "one" if number == 1 else "other"
