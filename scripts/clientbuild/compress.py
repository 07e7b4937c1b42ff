"""Pre-compressed siblings of files, so that no server ever compresses, and nothing is compressed twice between builds."""

from __future__ import annotations

import gzip
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import brotli  # type: ignore[import-untyped]

from scripts.clientbuild.toolchain import BuildFailed

_MINIMUM: Final = 512
"""Bytes below which a second file saves nothing on the wire."""
_WORTHWHILE: Final = 0.95
"""A compressed file must be smaller than this share of the original."""
_LARGE: Final = 1024 * 1024
_QUALITY, _QUALITY_LARGE = 11, 9
"""Brotli's best for small files; for the snapshot and the wasm it takes ten times as long to gain a tenth."""
_WINDOW: Final = 24
"""Base-2 logarithm of Brotli's window: the largest that browsers accept."""


def compressed(contents: dict[str, bytes], cache: Path) -> dict[str, bytes]:
    """``name.br`` and ``name.gz`` for every file of `contents` that gains by it, from `cache` where it has them."""
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        largest_first = sorted(contents.items(), key=lambda item: -len(item[1]))
        pairs = pool.map(lambda item: (item[0], _siblings(item[1], cache)), largest_first)
        found = {name + suffix: data for name, siblings in pairs for suffix, data in siblings.items()}
    return dict(sorted(found.items()))


def _siblings(content: bytes, cache: Path) -> dict[str, bytes]:
    if len(content) < _MINIMUM:
        return {}
    key = hashlib.sha256(content).hexdigest()
    large = len(content) >= _LARGE
    quality = _QUALITY_LARGE if large else _QUALITY
    found: dict[str, bytes] = {}
    for suffix, level in ((".br", quality), (".gz", 9 if not large else 6)):
        kept = cache / f"{key}-{level}{suffix}"
        if kept.is_file():
            data = kept.read_bytes()
        else:
            data = brotli.compress(content, quality=level, lgwin=_WINDOW) if suffix == ".br" else _gzip(content, level)
            _check(suffix, data, content)
            (cache / f"{key}{suffix}.new").write_bytes(data)
            (cache / f"{key}{suffix}.new").replace(kept)
        if len(data) < len(content) * _WORTHWHILE:
            found[suffix] = data
    return found


def _gzip(content: bytes, level: int) -> bytes:
    return gzip.compress(content, level, mtime=0)


def _check(suffix: str, data: bytes, content: bytes) -> None:
    back = brotli.decompress(data) if suffix == ".br" else gzip.decompress(data)
    if back != content:
        raise BuildFailed(f"what was compressed for {suffix} does not come back")
