"""The texts of the page in British English: one module a screen, merged here into one catalogue.

Each module holds `TEXTS`: key to text, or to texts by plural category. Two modules never share a key.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping


def merged() -> dict[str, str | Mapping[str, str]]:
    """Every text of every module of this package; `ValueError` when two modules claim one key."""
    everything: dict[str, str | Mapping[str, str]] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(__path__)):
        texts: Mapping[str, str | Mapping[str, str]] = importlib.import_module(f"{__name__}.{module}").TEXTS
        if shared := everything.keys() & texts.keys():
            raise ValueError(f"catalogue/{module}.py repeats {sorted(shared)}")
        everything |= texts
    return everything


CATALOGUE = merged()
