"""The texts of the page by language and key, read from the TOML files in client/texts/.

The browser has no part of this package: build.py reads the same files and puts a module of this name in its place, which
holds `TEXTS` as dictionaries (scripts/clientbuild/texts.py). So the page parses nothing at its start, while tests and
scripts need no build.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from picsafe_client.i18n.translations.reader import texts_of

FOLDER: Final = Path(__file__).resolve().parents[4] / "texts"
"""client/texts/."""

TEXTS: Final[Mapping[str, Mapping[str, str | Mapping[str, str]]]] = texts_of(FOLDER)
"""Code of a language to its texts: key to text, or to texts by plural category."""
