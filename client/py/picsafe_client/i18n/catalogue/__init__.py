"""Every text of the page, in every language: one folder a language, in it one module a screen. docs/words.md has the glossary.

Each module holds `TEXTS`: key to text, or to texts by plural category. Two modules of a language never share a key, and
all languages have the same keys. The package of a language says what else belongs to it: its name for itself, the locale
for somebody who does not say which, its plural categories and which of them a number takes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

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
    texts: Mapping[str, Text] = field(repr=False)


def language(code: str) -> Language:
    """The language in the folder `code`; `ValueError` when two of its modules claim one key."""
    package = importlib.import_module(f"{__name__}.{code}")
    everything: dict[str, Text] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(package.__path__)):
        texts: Mapping[str, Text] = importlib.import_module(f"{package.__name__}.{module}").TEXTS
        if shared := everything.keys() & texts.keys():
            raise ValueError(f"catalogue/{code}/{module}.py repeats {sorted(shared)}")
        everything |= texts
    return Language(
        code, package.NAME, package.LOCALE, package.CATEGORIES, package.CAPITAL_NOUNS, package.plural, everything
    )


LANGUAGES: Final[Mapping[str, Language]] = {code: language(code) for code in ("en", "de", "fr")}
CATALOGUE: Final = LANGUAGES[SOURCE].texts
"""The English texts, whose keys are those of every language."""
