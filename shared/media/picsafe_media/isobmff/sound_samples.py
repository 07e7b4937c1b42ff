"""How many bytes uncoded or evenly coded sound takes whose sample table gives one length for all samples (QuickTime
File Format, sound sample descriptions).

QuickTime counts such sound by its moments, and often gives each a length of 1 whatever it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from picsafe_media.isobmff.boxes import Box, boxes_in

__all__ = ["EvenSamples", "Packet", "even_sound"]

_SOUND_ENTRY: Final = 28
"""Bytes of an entry of `stsd` behind its header, before what its version adds."""
_BYTES_OF_A_VALUE: Final = {b"in24": 3, b"in32": 4, b"fl32": 4, b"fl64": 8, b"alaw": 1, b"ulaw": 1}
_BY_BITS: Final = frozenset((b"raw ", b"NONE", b"sowt", b"twos", b"lpcm"))
_MOMENTS_AND_BYTES: Final = {b"ima4": (64, 34), b"MAC3": (6, 2), b"MAC6": (6, 1)}
"""Moments in a packet, and its bytes for each channel."""
_GSM: Final = (160, 33)
_CHANNELS: Final = 256


class Packet(NamedTuple):
    """`samples` of the sample table that take `size` bytes together."""

    samples: int
    size: int


class EvenSamples(NamedTuple):
    """What samples of one length may take: `certain` by readings of which one is right, `possible` by any reader."""

    certain: tuple[Packet, ...]
    possible: tuple[Packet, ...]

    def at_least(self, samples: int) -> int:
        """The bytes of so many samples that belong to them by every reading."""
        return min(samples // packet.samples * packet.size for packet in self.certain)

    def at_most(self, samples: int) -> int:
        """The bytes that so many samples take by the reading that takes most."""
        return max(-(-samples // packet.samples) * packet.size for packet in self.possible)


def even_sound(descriptions: bytes, times: bytes, uniform: int) -> EvenSamples:
    """How a track of sound divides its chunks.

    `descriptions` and `times` are its `stsd` and `stts`; `uniform` is the length that `stsz` gives all samples.
    """
    entries = list(boxes_in(descriptions, 8))
    plain = Packet(1, uniform)
    possible = {plain}
    for entry in entries:
        possible.update(_readings(entry, descriptions))
    exact = _exact(entries, descriptions, uniform) if _counts_moments(times) else plain if uniform > 1 else None
    return EvenSamples((exact,) if exact else tuple(possible), tuple(possible))


def _counts_moments(times: bytes) -> bool:
    """Whether all samples last one unit of time: then players go by the coding, not by the table of lengths."""
    return times[4:8] == b"\x00\x00\x00\x01" and times[12:16] == b"\x00\x00\x00\x01"


def _exact(entries: list[Box], descriptions: bytes, uniform: int) -> Packet | None:
    packet = _by_coding(entries[0], descriptions) if len(entries) == 1 else None
    if packet is None or (packet.samples == 1 and uniform not in (1, packet.size)):
        return None
    return packet


def _by_coding(entry: Box, descriptions: bytes) -> Packet | None:
    """What a packet of a well-known coding takes; None for other codings."""
    fields = _Fields(entry, descriptions)
    if entry.kind in _BYTES_OF_A_VALUE:
        size = fields.channels * _BYTES_OF_A_VALUE[entry.kind]
    elif entry.kind in _BY_BITS:
        size = fields.channels * -(-fields.bits // 8)
    elif entry.kind in _MOMENTS_AND_BYTES:
        samples, size = _MOMENTS_AND_BYTES[entry.kind]
        return Packet(samples, size * fields.channels) if fields.channels else None
    else:
        return Packet(*_GSM) if entry.kind == b"agsm" else None
    return Packet(1, size) if size else None


def _readings(entry: Box, descriptions: bytes) -> Iterator[Packet]:
    """Every division of the sound that some reader may derive from an entry."""
    fields = _Fields(entry, descriptions)
    packets = [
        _by_coding(entry, descriptions),
        Packet(1, fields.channels * -(-fields.bits // 8)),
        Packet(1, fields.stated_channels * -(-fields.stated_bits // 8)),
    ]
    if fields.version == 1 and len(fields.extra) >= 3:
        packets.append(Packet(fields.extra[0], fields.extra[2]))
    elif fields.version == 2 and len(fields.extra) >= 9:
        packets += [Packet(1, fields.extra[7]), Packet(fields.extra[8], fields.extra[7])]
    return (packet for packet in packets if packet and packet.samples and packet.size)


class _Fields:
    """The numbers in an entry of `stsd`; those that it is too short for are 0."""

    def __init__(self, entry: Box, descriptions: bytes) -> None:
        content = descriptions[entry.start : entry.stop]
        is_whole = len(content) >= _SOUND_ENTRY
        self.version = int.from_bytes(content[8:10], "big") if is_whole else 0
        self.stated_channels = int.from_bytes(content[16:18], "big") if is_whole else 0
        self.stated_bits = int.from_bytes(content[18:20], "big") if is_whole else 0
        self.extra = [int.from_bytes(content[at : at + 4], "big") for at in range(28, min(len(content) - 3, 64), 4)]
        self.channels, self.bits = self.stated_channels, self.stated_bits
        if self.version == 2 and len(self.extra) >= 9:
            self.channels, self.bits = min(self.extra[3], _CHANNELS), min(self.extra[5], 64)
