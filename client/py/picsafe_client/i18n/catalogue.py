"""The languages of the page, and the text of every key in each of them. docs/words.md has the glossary.

The texts are in client/texts/, a folder for each language; `picsafe_client.i18n.translations` holds them. All languages have
the same keys. This module says what else belongs to a language: its name for itself, the locale for somebody who does
not say which, its plural categories and which of them a number takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from picsafe_client.i18n.translations import TEXTS

Text: TypeAlias = str | Mapping[str, str]

SOURCE: Final = "en"
"""The language in which texts are written first, and which people get whose own is not among `LANGUAGES`."""


@dataclass(frozen=True)
class Language:
    """A language of the page. `name` is its own word for itself; `categories` are CLDR's, "other" last.

    `capital_nouns`: whether a noun has its capital letter wherever it stands.
    """

    code: str
    name: str
    locale: str
    categories: tuple[str, ...]
    capital_nouns: bool
    plural: Callable[[int], str] = field(repr=False)

    @property
    def texts(self) -> Mapping[str, Text]:
        """Key to text, or to texts by plural category."""
        return TEXTS[self.code]


def _one_is_singular(number: int) -> str:
    """1 report, but 0 reports."""
    return "one" if number == 1 else "other"


def _below_two_is_singular(number: int) -> str:
    """0 rapport and 1 rapport, but 2 rapports. CLDR's "many" (whole millions: "1 000 000 de rapports") cannot occur here."""
    return "one" if abs(number) < 2 else "other"


_ALL: Final = (
    Language("en", "English", "en-GB", ("one", "other"), capital_nouns=False, plural=_one_is_singular),
    Language("de", "Deutsch", "de-DE", ("one", "other"), capital_nouns=True, plural=_one_is_singular),
    Language("fr", "Français", "fr-FR", ("one", "other"), capital_nouns=False, plural=_below_two_is_singular),
)
LANGUAGES: Final[Mapping[str, Language]] = {each.code: each for each in _ALL}
CATALOGUE: Final = LANGUAGES[SOURCE].texts
"""The English texts, whose keys are those of every language."""
