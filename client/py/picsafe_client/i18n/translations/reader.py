"""Reads client/texts/: a folder for each language, a TOML file for each area of the page, a line for each text.

A line is ``"inbox.title" = "Inbox"``; a text that depends on a number has a line for each plural category:
``"inbox.count".one = "1 report"``. Keys are in quotation marks, because some begin others (``error.gone``,
``error.gone.advice``) and TOML would take their dots for tables.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

KEY: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+")
_DEFINITION: Final = re.compile(r"""^\s*["']?([a-z][a-z0-9_.-]*)["']?(?:\s*\.\s*["']?([a-z]+)["']?)?\s*=""")
_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class Entry:
    """A text as its file has it, or its forms by plural category. `file` is relative to client/texts/: ``de/inbox.toml``."""

    text: str | Mapping[str, str]
    file: str


class TextsUnreadable(ValueError):
    """Files of texts that cannot be read. Each of `faults` names its file and, where there is one, the key."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_texts(folder: Path) -> dict[str, dict[str, Entry]]:
    """Code of a language to its entries by key. Raises `TextsUnreadable` with everything that is wrong in all files."""
    faults: list[str] = []
    languages = {
        each.name: dict(_read_language(each, faults)) for each in sorted(folder.iterdir()) if any(each.glob("*.toml"))
    }
    if faults:
        raise TextsUnreadable(faults)
    return languages


def texts_of(folder: Path) -> dict[str, dict[str, str | Mapping[str, str]]]:
    """Code of a language to its texts by key, without the files. Raises `TextsUnreadable` as `read_texts` does."""
    return {code: {key: entry.text for key, entry in each.items()} for code, each in read_texts(folder).items()}


def _read_language(folder: Path, faults: list[str]) -> Iterator[tuple[str, Entry]]:
    """The entries of one language; what cannot be read is added to `faults`."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        file = f"{folder.name}/{path.name}"
        try:
            content = _parse(path.read_text("utf-8-sig"))
        except UnicodeDecodeError:
            faults.append(f"{file}: is not saved as UTF-8")
            continue
        except ValueError as error:
            faults.append(f"{file}: {error}")
            continue
        for key, value in content.items():
            if fault := _fault(key, value):
                faults.append(f"{file}: {key}: {fault}")
            elif key in found:
                faults.append(f"{file}: {key}: is already defined in {found[key]}")
            else:
                found[key] = file
                yield key, Entry(value, file)


def _parse(source: str) -> dict[str, Any]:
    """The content of a file. Raises `ValueError` naming key and line, which tomllib alone does not."""
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        lines = source.split("\n")
        at = _LINE.search(str(error))
        number = int(at[1]) if at else len(lines)
        before = [(line, match.groups()) for line, text in enumerate(lines, 1) if (match := _DEFINITION.match(text))]
        before = [each for each in before if each[0] <= number]
        if not before:
            raise ValueError(f"line {number}: {error}") from error
        line, defined = before[-1]
        if line == number and any(each == defined for _, each in before[:-1]):
            raise ValueError(f"{_written(*defined)}: is defined twice, the second time in line {number}") from error
        raise ValueError(f"{_written(*defined)}: line {number} is not valid TOML: {error}") from error


def _written(key: str, form: str | None) -> str:
    return f"{key}.{form}" if form else key


def _fault(key: str, value: object) -> str:
    """What is wrong with the shape of an entry; empty when nothing is."""
    if not KEY.fullmatch(key):
        return f'is not a key: keys have dots and are in quotation marks, as in "{key}.title" = "…"'
    texts = list(value.values()) if isinstance(value, dict) else [value]
    if not all(isinstance(each, str) for each in texts):
        return "is not a text in quotation marks"
    return ""
