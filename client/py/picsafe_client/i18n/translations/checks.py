"""Whether the files of client/texts/ say the same in every language: what a translator may have forgotten or mistyped.

The build refuses files with a fault, and tests look for every fault. The rules of one language's typography are in the tests.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from picsafe_client.i18n.catalogue import LANGUAGES, SOURCE, Language
from picsafe_client.i18n.translations.reader import Entry, TextsUnreadable, read_texts

LEFT_OUT: Final = frozenset({"count", "opened"})
"""Values that a form for one number need not fill in: "1 report" says the number itself."""


def faults(folder: Path) -> list[str]:
    """Everything that is wrong with the texts in `folder`, each naming its file and key: empty when all is well."""
    try:
        languages = read_texts(folder)
    except TextsUnreadable as error:
        return error.faults
    found = [
        f"{code}: is a folder without its language in i18n/catalogue.py"
        for code in sorted(languages.keys() - LANGUAGES.keys())
    ]
    found += [f"{code}: has no folder of texts" for code in sorted(LANGUAGES.keys() - languages.keys())]
    source = languages.get(SOURCE, {})
    for code in sorted(languages.keys() & LANGUAGES.keys()):
        entries = languages[code]
        if code != SOURCE:
            found += _differences(code, entries, source)
        for key, entry in entries.items():
            wanted = source.get(key, entry)
            found += [f"{entry.file}: {key}: {fault}" for fault in _entry_faults(entry, wanted, LANGUAGES[code])]
    return found


def _differences(code: str, entries: Mapping[str, Entry], source: Mapping[str, Entry]) -> Iterator[str]:
    """Keys that one language has and English has not, or the other way round, or in another file."""
    missing = [key for key in source if key not in entries]
    for key in missing:
        yield f"{code}/{_area(source[key])}: {key}: is missing; English has “{_forms(source[key]).get('other')}”"
    for key, entry in entries.items():
        if key not in source:
            close = get_close_matches(key, missing or source, n=1)
            yield f"{entry.file}: {key}: is not a key of English{f'; is {close[0]} meant?' if close else ''}"
        elif _area(entry) != _area(source[key]):
            yield f"{entry.file}: {key}: belongs in {code}/{_area(source[key])}, as in English"


def _entry_faults(entry: Entry, source: Entry, language: Language) -> Iterator[str]:
    """What is wrong with one text, beside the English one."""
    if isinstance(entry.text, str) and not isinstance(source.text, str):
        yield f"depends on a number in English; {language.name} needs the plural forms {', '.join(language.categories)}"
        return
    if isinstance(source.text, str) and not isinstance(entry.text, str):
        yield "has plural forms, but does not depend on a number in English"
        return
    forms = _forms(entry)
    if not isinstance(entry.text, str) and forms.keys() != set(language.categories):
        yield f"has the plural forms {', '.join(forms)}; {language.name} needs {', '.join(language.categories)}"
    wanted = _values(_forms(source).get("other", ""))
    for form, text in forms.items():
        within = "" if isinstance(entry.text, str) else f"in the form {form} "
        filled = _values(text)
        if filled is None:
            yield f"{within}has a brace that is not one of a pair around a name"
        elif wanted is not None:
            if missing := wanted - filled - (LEFT_OUT if form != "other" else set()):
                yield f"{within}does not fill in {_braced(missing)}"
            if unknown := filled - wanted:
                yield f"{within}fills in {_braced(unknown)}, which English does not"
        if not text:
            yield f"{within}is empty"


def _area(entry: Entry) -> str:
    """The name of its file: the same in every language."""
    return entry.file.partition("/")[2]


def _forms(entry: Entry) -> Mapping[str, str]:
    """The text by plural category."""
    return {"other": entry.text} if isinstance(entry.text, str) else entry.text


def _values(text: str) -> set[str] | None:
    """The names in braces; None for braces that `str.format` would not take."""
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return None
    return names if all(name.isidentifier() for name in names) else None


def _braced(names: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))
