"""Damage as it happens to files: bytes that changed, files that were cut or joined, numbers that lie, false markers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

__all__ = ["mutated"]

_TELLING_NUMBERS = (0, 1, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(data: bytes, tokens: tuple[bytes, ...], random: Random) -> bytes:
    """`data` with one kind of damage, in one case of four with two. The same state of `random` gives the same file."""
    for _ in range(1 if random.random() < 0.75 else 2):
        data = random.choice(_KINDS)(data, tokens, random)
    return data


def _flip(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    return _written(data, random, lambda old: bytes((old[0] ^ 1 << random.randrange(8),)), 1)


def _set(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    return _written(data, random, lambda __: bytes((random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF)),)), 1)


def _false_marker(data: bytes, tokens: tuple[bytes, ...], random: Random) -> bytes:
    token = random.choice(tokens)
    return _written(data, random, lambda __: token, len(token))


def _insert(data: bytes, tokens: tuple[bytes, ...], random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice((random.choice(tokens), random.randbytes(random.randint(1, 40)))) + data[at:]


def _number(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    width = random.choice((2, 4))
    new = random.choice(_TELLING_NUMBERS) & (1 << 8 * width) - 1
    return _written(data, random, lambda __: new.to_bytes(width, random.choice(("big", "little"))), width)


def _step(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    """A length or a count that is off by a little."""
    by = random.choice((-8, -2, -1, 1, 2, 8))
    return _written(data, random, lambda old: bytes(((old[0] + by) & 0xFF,)), 1)


def _cut_off(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _trailed(data: bytes, tokens: tuple[bytes, ...], random: Random) -> bytes:
    tails = (random.randbytes(50), b"Jane Sample " * 8, bytes(64), data, b"".join(tokens))
    return data + random.choice(tails)


def _without(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    start, stop = _range(data, random)
    return data[:start] + data[stop:]


def _doubled(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    start, stop = _range(data, random)
    return data[:stop] + data[start:]


def _zeroed(data: bytes, _: tuple[bytes, ...], random: Random) -> bytes:
    start, stop = _range(data, random)
    return data[:start] + bytes(stop - start) + data[stop:]


_KINDS = (_flip, _set, _false_marker, _insert, _number, _step, _cut_off, _trailed, _without, _doubled, _zeroed)


def _range(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.choice((1, 2, 4, 8, 64, 512)))


def _written(data: bytes, random: Random, new: Callable[[bytes], bytes], width: int) -> bytes:
    """`width` bytes somewhere replaced by what `new` makes of them. Half of the places are near the beginning."""
    if len(data) < width:
        return data
    reach = len(data) - width + 1
    at = random.randrange(min(reach, 600) if random.random() < 0.5 else reach)
    return data[:at] + new(data[at : at + width]) + data[at + width :]
