"""The header packets of the codecs that Ogg carries: what they describe, and how their comments are emptied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Final

from picsafe_media.core.model import Removal

__all__ = ["Codec", "empty_comment", "recognise_codec"]

_COVER: Final = b"metadata_block_picture"


def empty_comment(prefix: bytes, packet: bytes, suffix: bytes = b"") -> bytes:
    """A comment header as long as `packet` without comments: the vendor's name becomes as many spaces as it takes."""
    spaces = len(packet) - len(prefix) - 8 - len(suffix)
    if spaces < 0:
        return packet
    return prefix + spaces.to_bytes(4, "little") + b" " * spaces + bytes(4) + suffix


class Codec(ABC):
    """One logical stream's codec, made from its first packet. `rate` is in ticks per second."""

    rate: float = 0
    width: int | None = None
    height: int | None = None
    headers: ClassVar[int] = 2

    @abstractmethod
    def __init__(self, first: bytes) -> None: ...

    @abstractmethod
    def clean(self, number: int, packet: bytes) -> bytes:
        """Header packet `number` (from 1) without metadata, of the same length."""

    @abstractmethod
    def is_header(self, number: int, packet: bytes) -> bool:
        """Whether packet `number` is the expected header; with a lost page its packets are missing too."""

    def is_last(self, number: int, packet: bytes) -> bool:
        """Whether the headers end with packet `number`."""
        return number >= self.headers - 1

    def seconds(self, position: int) -> float:
        """The time that a page's granule position stands for."""
        return position / self.rate if self.rate else 0.0

    def contents(self, packet: bytes) -> set[Removal]:
        """What an emptied header held."""
        return {Removal.TAGS} | ({Removal.COVER_PICTURE} if _COVER in packet.lower() else set())


class _Opus(Codec):
    """RFC 7845, section 5. What follows the comments is padding as long as it begins with an even byte."""

    def __init__(self, first: bytes) -> None:
        self.rate = 48000
        self._skip = int.from_bytes(first[10:12], "little")

    def is_header(self, number: int, packet: bytes) -> bool:
        return packet.startswith(b"OpusTags")

    def clean(self, number: int, packet: bytes) -> bytes:
        return (b"OpusTags" + bytes(8)).ljust(len(packet), b"\x00") if len(packet) >= 16 else packet

    def seconds(self, position: int) -> float:
        return max(0, position - self._skip) / self.rate


class _Vorbis(Codec):
    """Vorbis I, sections 4.2 and 5.2."""

    headers = 3

    def __init__(self, first: bytes) -> None:
        self.rate = int.from_bytes(first[12:16], "little")

    def is_header(self, number: int, packet: bytes) -> bool:
        return packet.startswith(b"\x03vorbis" if number == 1 else b"\x05vorbis")

    def clean(self, number: int, packet: bytes) -> bytes:
        return empty_comment(b"\x03vorbis", packet, b"\x01") if number == 1 else packet


class _Speex(Codec):
    """The Speex manual, section 7."""

    def __init__(self, first: bytes) -> None:
        self.rate = int.from_bytes(first[36:40], "little")

    def is_header(self, number: int, packet: bytes) -> bool:
        return int.from_bytes(packet[:4], "little") + 8 <= len(packet)

    def clean(self, number: int, packet: bytes) -> bytes:
        return empty_comment(b"", packet)


class _Flac(Codec):
    """RFC 9639, section 10.1: each further header packet is a metadata block; what is no comment becomes padding."""

    _COMMENT, _PADDING, _SEEKTABLE = 4, 1, 3

    def __init__(self, first: bytes) -> None:
        self.rate = int.from_bytes(first[27:30], "big") >> 4

    def is_header(self, number: int, packet: bytes) -> bool:
        return not packet.startswith(b"\xff")

    def clean(self, number: int, packet: bytes) -> bytes:
        kind = packet[0] & 0x7F if packet else self._SEEKTABLE
        if kind == self._COMMENT:
            return empty_comment(packet[:4], packet)
        if kind == self._SEEKTABLE:
            return packet
        return bytes((packet[0] & 0x80 | self._PADDING,)) + packet[1:4] + bytes(max(0, len(packet) - 4))

    def is_last(self, number: int, packet: bytes) -> bool:
        return bool(packet[:1] and packet[0] & 0x80)

    def contents(self, packet: bytes) -> set[Removal]:
        return {Removal.COVER_PICTURE} if packet[0] & 0x7F == 6 else super().contents(packet)


class _Theora(Codec):
    """Theora, sections 6.2 and 6.3; a granule position counts frames since and up to the last key frame."""

    headers = 3

    def __init__(self, first: bytes) -> None:
        self.width, self.height = int.from_bytes(first[14:17], "big"), int.from_bytes(first[17:20], "big")
        denominator = int.from_bytes(first[26:30], "big")
        self.rate = int.from_bytes(first[22:26], "big") / denominator if denominator else 0
        self._shift = int.from_bytes(first[40:42], "big") >> 5 & 31

    def is_header(self, number: int, packet: bytes) -> bool:
        return packet.startswith(b"\x81theora" if number == 1 else b"\x82theora")

    def clean(self, number: int, packet: bytes) -> bytes:
        return empty_comment(b"\x81theora", packet) if number == 1 else packet

    def seconds(self, position: int) -> float:
        return super().seconds((position >> self._shift) + (position & (1 << self._shift) - 1))


_BY_MAGIC: Final[dict[bytes, tuple[type[Codec], int]]] = {
    b"OpusHead": (_Opus, 19),
    b"\x01vorbis": (_Vorbis, 30),
    b"Speex   ": (_Speex, 80),
    b"\x7fFLAC": (_Flac, 51),
    b"\x80theora": (_Theora, 42),
}


def recognise_codec(first: bytes) -> Codec | None:
    """The codec whose first packet this is; None for one that is not known."""
    for magic, (codec, length) in _BY_MAGIC.items():
        if first.startswith(magic) and len(first) >= length:
            return codec(first)
    return None
