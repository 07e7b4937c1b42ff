"""Small WebM and Matroska files, built element by element."""

from __future__ import annotations

import struct
import zlib

UNKNOWN_LENGTH = b"\x01\xff\xff\xff\xff\xff\xff\xff"
RECORDED = 817_000_000
"""Seconds since 2001: 2026-11-22T00:26:40Z."""


def element(number: str, *content: bytes, unknown: bool = False) -> bytes:
    data = b"".join(content)
    length = UNKNOWN_LENGTH if unknown else (1 << 56 | len(data)).to_bytes(8, "big")
    return bytes.fromhex(number) + length + data


def short(number: str, *content: bytes) -> bytes:
    """With a length of one byte."""
    data = b"".join(content)
    return bytes.fromhex(number) + bytes((0x80 | len(data),)) + data


def unsigned(number: str, value: int) -> bytes:
    return short(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def with_checksum(number: str, *content: bytes) -> bytes:
    data = b"".join(content)
    return element(number, short("bf", zlib.crc32(data).to_bytes(4, "little")), data)


def ebml_header(doc_type: bytes = b"webm") -> bytes:
    return element("1a45dfa3", unsigned("4286", 1), short("4282", doc_type))


def info(*more: bytes, duration: float | None = 2500.0) -> bytes:
    length = [short("4489", struct.pack(">d", duration))] if duration is not None else []
    applications = short("4d80", b"Acme muxer"), short("5741", b"Acme writer")
    return with_checksum("1549a966", unsigned("2ad7b1", 1_000_000), *length, *applications, *more)


PRIVATE_INFO = (
    short("7ba9", b"Jane Doe"),
    short("4461", struct.pack(">q", RECORDED * 10**9)),
    short("7384", b"/home/jane/Jane Doe.webm"),
    short("73a4", bytes(range(16))),
)


def video_track(*more: bytes, display: bytes = b"") -> bytes:
    picture = element("e0", unsigned("b0", 640), unsigned("ba", 360), display)
    return element("ae", unsigned("d7", 1), unsigned("83", 1), short("86", b"V_VP9"), picture, *more)


def audio_track(codec: bytes = b"A_OPUS", private: bytes = b"", *more: bytes) -> bytes:
    return element("ae", unsigned("d7", 2), unsigned("83", 2), short("86", codec), element("63a2", private), *more)


def other_track(kind: int = 17) -> bytes:
    return element("ae", unsigned("d7", 3), unsigned("83", kind), short("86", b"S_TEXT/UTF8"))


def tracks(*entries: bytes) -> bytes:
    return with_checksum("1654ae6b", *(entries or (video_track(), audio_track())))


def simple_block(time: int, data: bytes = b"a picture") -> bytes:
    return element("a3", b"\x81", struct.pack(">h", time), b"\x80", data)


def block_group(time: int, duration: int) -> bytes:
    return element(
        "a0", element("a1", b"\x81", struct.pack(">h", time), b"\x00", b"a picture"), unsigned("9b", duration)
    )


def cluster(time: int, *blocks: bytes, unknown: bool = False) -> bytes:
    return element("1f43b675", unsigned("e7", time), *(blocks or (simple_block(0), simple_block(40))), unknown=unknown)


def seek_head(*numbers: str) -> bytes:
    return with_checksum(
        "114d9b74", *(short("4dbb", short("53ab", bytes.fromhex(number)), unsigned("53ac", 100)) for number in numbers)
    )


def tag(name: bytes, value: bytes) -> bytes:
    return element("1254c367", element("7373", element("67c8", short("45a3", name), short("4487", value))))


ATTACHMENT = element(
    "1941a469", element("61a7", short("466e", b"Jane Doe.pdf"), element("465c", b"about Jane Doe" * 30))
)
CHAPTERS = element("1043a770", short("45b9", short("b6", short("80", short("85", b"Jane Doe")))))


def webm(*parts: bytes, doc_type: bytes = b"webm", unknown: bool = False) -> bytes:
    body = parts or (info(), tracks(), cluster(0), cluster(1000))
    return ebml_header(doc_type) + element("18538067", *body, unknown=unknown)
