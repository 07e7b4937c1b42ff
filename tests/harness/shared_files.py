"""Where the outside vectors, the real camera files and the files that once went wrong lie. They are not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


def _place(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable, _ROOT.parent / "shared" / default))


def _folder(variable: str, default: str) -> Path:
    folder = _place(variable, default)
    if not folder.is_dir():
        pytest.skip(f"{default} are not here: looked in {folder}; set {variable} to the folder that holds them")
    return folder


def vectors() -> Path:
    """The independent test vectors; skips the calling test, saying where it looked, when they are absent."""
    return _folder("PICSAFE_VECTORS", "vectors")


def samples() -> Path:
    """The real camera files; skips the calling test, saying where it looked, when they are absent."""
    return _folder("PICSAFE_SAMPLES", "samples")


def cases() -> Path:
    """Small files that once went wrong; skips the calling test, saying where it looked, when they are absent."""
    return _folder("PICSAFE_CASES", "cases")


def find_samples() -> Path | None:
    """The same, or None when they are absent: for what can do without."""
    folder = _place("PICSAFE_SAMPLES", "samples")
    return folder if folder.is_dir() else None
