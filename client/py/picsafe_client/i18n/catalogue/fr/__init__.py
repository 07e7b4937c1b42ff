"""French: addresses people with "vous". Before ; : ? ! » and after « stands a narrow no-break space (U+202F)."""

from __future__ import annotations

from typing import Final

NAME: Final = "Français"
LOCALE: Final = "fr-FR"
CATEGORIES: Final = ("one", "other")
CAPITAL_NOUNS: Final = False


def plural(number: int) -> str:
    """0 rapport and 1 rapport, but 2 rapports. CLDR's "many" (whole millions: "1 000 000 de rapports") cannot occur here."""
    return "one" if abs(number) < 2 else "other"
