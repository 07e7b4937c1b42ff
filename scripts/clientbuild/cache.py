"""What earlier builds made and later ones can use again: entries by name, the least recently used forgotten first."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

LIMIT: Final = 400 * 1024 * 1024
"""Bytes that are kept: some five versions of the client."""


def use(entry: Path) -> None:
    """Remember that this entry, a file or a folder of the cache, is of use now."""
    os.utime(entry)


def trim(cache: Path, limit: int = LIMIT) -> None:
    """Delete the entries of `cache` that were not used for longest, until at most `limit` bytes are left."""
    entries = [*cache.glob("python-*"), *cache.glob("compressed/*")]
    left = limit
    for entry in sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True):
        left -= _size(entry)
        if left >= 0:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _size(entry: Path) -> int:
    files = entry.rglob("*") if entry.is_dir() else [entry]
    return sum(path.stat().st_size for path in files if path.is_file())
