"""What a kind of file needs to take part in the corpus."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picsafe_media import Cleaned

__all__ = ["Container", "Sample"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A whole file: the program that wrote it, and what is special about it."""

    writer: str
    name: str
    data: bytes


def is_equal(before: object, after: object, _: Cleaned) -> bool:
    """The strict comparison."""
    return before == after


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file.

    `write` fills an empty folder with files called `WRITER--NAME.EXTENSION`. `shown` says what a decoder that is not ours
    makes of a file, as something that can be compared; None where that decoder refuses it. It has to be as lenient as
    browsers are. `tokens` are bytes that mean something in this kind of file; mutations put them where they do not belong.
    """

    name: str
    write: Callable[[Path], None]
    shown: Callable[[bytes], Hashable | None]
    tokens: tuple[bytes, ...]
    same: Callable[[Any, Any, Cleaned], bool] = is_equal
    """Whether what is shown of a copy (second) is what is shown of the original; the plan says what was removed."""
