"""Pre-compressed siblings of files, so that no server ever compresses, and nothing is compressed twice between builds.

Brotli is smallest, and every browser takes it over HTTPS; gzip is for the rest. The large files have a Zstandard sibling
too, which browsers unpack three times as fast: with the snapshot, also from their cache, that is a tenth of a second.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import brotli  # type: ignore[import-untyped]

from scripts.clientbuild.cache import use
from scripts.clientbuild.toolchain import BuildFailed, run_node

_MINIMUM: Final = 512
"""Bytes below which a second file saves nothing on the wire."""
_WORTHWHILE: Final = 0.95
"""A compressed file must be smaller than this share of the original."""
_LARGE: Final = 1024 * 1024
"""From so many bytes on the best levels take ten times as long to gain a tenth."""
_BROTLI_WINDOW: Final = 24
"""Base-2 logarithm: the largest that browsers accept."""


@dataclass(frozen=True)
class _Encoding:
    suffix: str
    level: int
    encode: Callable[[bytes, int], bytes]


def compressed(contents: dict[str, bytes], cache: Path) -> dict[str, bytes]:
    """``name.br``, ``name.gz`` and ``name.zst`` for the files of `contents` that gain by it, from `cache` where it has them."""
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        largest_first = sorted(contents.items(), key=lambda item: -len(item[1]))
        tasks = [(name, content, encoding) for name, content in largest_first for encoding in _encodings(content)]
        found = pool.map(lambda task: (task[0] + task[2].suffix, _sibling(task[1], task[2], cache)), tasks)
        siblings = {name: data for name, data in found if data is not None}
    return dict(sorted(siblings.items()))


def _encodings(content: bytes) -> tuple[_Encoding, ...]:
    if len(content) < _MINIMUM:
        return ()
    if len(content) < _LARGE:
        return (_Encoding(".br", 11, _brotli), _Encoding(".gz", 9, _gzip))
    return (_Encoding(".zst", 15, _zstandard), _Encoding(".br", 9, _brotli), _Encoding(".gz", 6, _gzip))


def _sibling(content: bytes, encoding: _Encoding, cache: Path) -> bytes | None:
    name = f"{hashlib.sha256(content).hexdigest()}-{encoding.level}{encoding.suffix}"
    kept = cache / name
    if kept.is_file():
        use(kept)
        data = kept.read_bytes()
    else:
        data = encoding.encode(content, encoding.level)
        (cache / f"{name}.new").write_bytes(data)
        (cache / f"{name}.new").replace(kept)
    return data if len(data) < len(content) * _WORTHWHILE else None


def _brotli(content: bytes, level: int) -> bytes:
    data: bytes = brotli.compress(content, quality=level, lgwin=_BROTLI_WINDOW)
    if brotli.decompress(data) != content:
        raise BuildFailed("what Brotli compressed does not come back")
    return data


def _gzip(content: bytes, level: int) -> bytes:
    data = gzip.compress(content, level, mtime=0)
    if gzip.decompress(data) != content:
        raise BuildFailed("what gzip compressed does not come back")
    return data


def _zstandard(content: bytes, level: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before", Path(folder) / "after"
        before.write_bytes(content)
        script = Path(__file__).resolve().parent / "zstd.mjs"
        run_node(script, {"input": str(before), "output": str(after), "level": level})
        return after.read_bytes()
