"""Long films made of short ones, without an encoder."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final

CONTAINERS: Final = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}
DURATIONS: Final = {b"mvhd": 16, b"tkhd": 20, b"mdhd": 16, b"elst": 8}
"""Where boxes of version 0 have the length in time."""


def repeated_mp4(film: bytes, times: int) -> bytes:
    """The same MP4 so many times over, as one film: it begins again, with a whole picture, where each copy begins.

    `film` has its index before its `mdat`, which is last, boxes of version 0, and at most one entry in its edit lists.
    """
    boxes = {kind: (start, stop) for kind, start, stop in _boxes(film)}
    (index_start, index_stop), (start, stop) = boxes[b"moov"], boxes[b"mdat"]
    assert stop == len(film)
    shift = 0

    def index() -> bytes:
        return _index(film[index_start:index_stop], times, [shift + copy * (stop - start) for copy in range(times)])

    before = film[: index_start - 8]
    shift = len(index()) - (index_stop - index_start)  # how much further back everything lies
    between = film[index_stop : start - 8]
    return before + _box(b"moov", index()) + between + _box(b"mdat", film[start:stop] * times)


def padded_webm(film: bytes, size: int) -> bytes:
    """The same WebM with an element at its end that means nothing, so that it has `size` bytes."""
    void = size - len(film) - 9
    return film + b"\xec\x01" + void.to_bytes(7, "big") + bytes(void)


def _index(boxes: bytes, times: int, shifts: Sequence[int]) -> bytes:
    """The content of a container for so many copies, whose media data lie further back by `shifts`."""
    made = b""
    samples = _samples(boxes)
    for kind, start, stop in _boxes(boxes):
        content = boxes[start:stop]
        if kind in CONTAINERS:
            content = _index(content, times, shifts)
        elif kind in DURATIONS:
            at = DURATIONS[kind]
            [duration] = struct.unpack_from(">I", content, at)
            content = content[:at] + struct.pack(">I", duration * times) + content[at + 4 :]
        elif kind in TABLES:
            content = TABLES[kind](content, samples, shifts)
        made += _box(kind, content)
    return made


def _samples(boxes: bytes) -> tuple[int, int]:
    """How many samples and chunks a `stbl` has; nothing elsewhere."""
    found = {kind: boxes[start:stop] for kind, start, stop in _boxes(boxes)}
    if b"stsz" not in found:
        return 0, 0
    return struct.unpack_from(">I", found[b"stsz"], 8)[0], struct.unpack_from(">I", found[b"stco"], 4)[0]


def _runs(content: bytes, samples: tuple[int, int], shifts: Sequence[int]) -> bytes:
    """Entries that say how many samples follow with which value."""
    [count] = struct.unpack_from(">I", content, 4)
    return content[:4] + struct.pack(">I", count * len(shifts)) + content[8:] * len(shifts)


def _sizes(content: bytes, samples: tuple[int, int], shifts: Sequence[int]) -> bytes:
    return content[:8] + struct.pack(">I", samples[0] * len(shifts)) + content[12:] * len(shifts)


def _numbers(content: bytes, samples: tuple[int, int], shifts: Sequence[int]) -> bytes:
    """The numbers of samples at which reading can begin."""
    numbers = struct.unpack(f">{len(content) // 4 - 2}I", content[8:])
    return _table(content, [number + copy * samples[0] for copy in range(len(shifts)) for number in numbers])


def _offsets(content: bytes, samples: tuple[int, int], shifts: Sequence[int]) -> bytes:
    offsets = struct.unpack(f">{len(content) // 4 - 2}I", content[8:])
    return _table(content, [offset + shift for shift in shifts for offset in offsets])


def _chunks(content: bytes, samples: tuple[int, int], shifts: Sequence[int]) -> bytes:
    """From which chunk on chunks have how many samples."""
    entries = list(struct.iter_unpack(">III", content[8:]))
    runs = [(first + copy * samples[1], *rest) for copy in range(len(shifts)) for first, *rest in entries]
    return content[:4] + struct.pack(">I", len(runs)) + b"".join(struct.pack(">III", *run) for run in runs)


def _table(content: bytes, values: Sequence[int]) -> bytes:
    return content[:4] + struct.pack(f">{len(values) + 1}I", len(values), *values)


TABLES: Final[dict[bytes, Callable[[bytes, tuple[int, int], Sequence[int]], bytes]]] = {
    b"stts": _runs,
    b"ctts": _runs,
    b"stsz": _sizes,
    b"stss": _numbers,
    b"stco": _offsets,
    b"stsc": _chunks,
}


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _boxes(film: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of every box, one after the other."""
    at = 0
    while at < len(film):
        size, kind = struct.unpack_from(">I4s", film, at)
        yield kind, at + 8, at + size
        at += size
