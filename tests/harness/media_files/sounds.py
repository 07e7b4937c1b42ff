"""Small sound files, built by hand: nothing in them sounds, but their structure is right."""

from __future__ import annotations

import struct

from harness.media_files.pictures import riff_chunk
from picsafe_media.audio.ogg import page_checksum

JANE = b"title=Jane Doe"


def wav(*before: bytes, sound: bytes = bytes(range(200)) * 80, after: tuple[bytes, ...] = ()) -> bytes:
    """16 kHz, 16 bit, mono: 32,000 bytes a second."""
    form = riff_chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16))
    body = b"WAVE" + form + b"".join(before) + riff_chunk(b"data", sound) + b"".join(after)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def mp3_frame(number: int = 0) -> bytes:
    """MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes for 1152 samples."""
    return b"\xff\xfb\x90\x44" + bytes((number % 250,)) * 413


def mp3(frames: int = 20) -> bytes:
    return b"".join(mp3_frame(number) for number in range(frames))


def adts(frames: int = 20) -> bytes:
    """AAC-LC, 44.1 kHz, mono, 100 bytes for 1024 samples."""
    header = bytes((0xFF, 0xF1, 0x50, 0x40, 100 >> 3, (100 & 7) << 5 | 0x1F, 0xFC))
    return b"".join(header + bytes((number,)) * 93 for number in range(frames))


def id3v2(content: bytes = b"TIT2\x00\x00\x00\x09\x00\x00\x00Jane Doe", *, footer: bool = False) -> bytes:
    size = len(content)
    length = bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
    flags = b"\x10" if footer else b"\x00"
    return b"ID3\x04\x00" + flags + length + content + (b"3DI\x04\x00" + flags + length if footer else b"")


def id3v1() -> bytes:
    return b"TAG" + b"Jane Doe".ljust(125, b"\x00")


def ape() -> bytes:
    item = struct.pack("<II", 8, 0) + b"Title\x00Jane Doe"
    fields = struct.pack("<III", 2000, len(item) + 32, 1)
    header = b"APETAGEX" + fields + struct.pack("<I", 0xA0000000) + bytes(8)
    return header + item + b"APETAGEX" + fields + struct.pack("<I", 0x80000000) + bytes(8)


def lyrics() -> bytes:
    content = b"LYRICSBEGINLYR00008Jane Doe"
    return content + f"{len(content):06d}".encode() + b"LYRICS200"


def flac_block(kind: int, data: bytes, *, last: bool = False) -> bytes:
    return bytes((kind | (0x80 if last else 0),)) + len(data).to_bytes(3, "big") + data


def flac_info(samples: int = 88200) -> bytes:
    return struct.pack(">HH", 4096, 4096) + bytes(6) + (44100 << 44 | 15 << 36 | samples).to_bytes(8, "big") + bytes(16)


def comments(*entries: bytes, vendor: bytes = b"a program of Acme") -> bytes:
    listed = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
    return len(vendor).to_bytes(4, "little") + vendor + len(entries).to_bytes(4, "little") + listed


def flac(*blocks: bytes, samples: int = 88200) -> bytes:
    """With these metadata blocks between the description and the end of the metadata."""
    end = flac_block(1, bytes(16), last=True)
    return b"fLaC" + flac_block(0, flac_info(samples)) + b"".join(blocks) + end + b"\xff\xf8" + bytes(range(100))


def ogg_page(serial: int, number: int, flags: int, position: int, lacing: bytes, body: bytes) -> bytes:
    head = b"OggS\x00" + struct.pack("<BQIII", flags, position & 2**64 - 1, serial, number, 0)
    page = bytearray(head + bytes((len(lacing),)) + lacing + body)
    page[22:26] = page_checksum(bytes(page)).to_bytes(4, "little")
    return bytes(page)


def ogg_pages(packets: list[bytes], serial: int, first: int, position: int, flags: int = 0) -> list[bytes]:
    """Pages of at most 255 segments that hold these packets, one behind the other."""
    body = b"".join(packets)
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in packets)
    pages: list[bytes] = []
    while lacing:
        segments, lacing = lacing[:255], lacing[255:]
        length = sum(segments)
        open_flag = 1 if pages and pages[-1][26 + 255 : 27 + 255] == b"\xff" else 0
        pages.append(
            ogg_page(
                serial, first + len(pages), flags | open_flag, position if not lacing else -1, segments, body[:length]
            )
        )
        body, flags = body[length:], 0
    return pages


def ogg(headers: list[bytes], position: int, serial: int = 7, sound: bytes = b"sound" * 50) -> bytes:
    """The first header alone on its page, as the codecs demand; then the others; then one page of sound."""
    pages = ogg_pages(headers[:1], serial, 0, 0, flags=2)
    pages += ogg_pages(headers[1:], serial, 1, 0)
    pages += ogg_pages([sound], serial, len(pages), position, flags=4)
    return b"".join(pages)


def opus_headers(*entries: bytes) -> list[bytes]:
    return [b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48000, 0, 0), b"OpusTags" + comments(*entries)]


def vorbis_headers(*entries: bytes) -> list[bytes]:
    first = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 1, 44100, 0, 128000, 0, 0xB8, 1)
    return [first, b"\x03vorbis" + comments(*entries) + b"\x01", b"\x05vorbis" + bytes(range(1, 255)) * 3]


def speex_headers(*entries: bytes) -> list[bytes]:
    return [b"Speex   " + b"1.2".ljust(28, b"\x00") + struct.pack("<I", 16000) + bytes(40), comments(*entries)]


def ogg_flac_headers(*entries: bytes) -> list[bytes]:
    first = b"\x7fFLAC\x01\x00\x00\x03fLaC" + flac_block(0, flac_info())
    picture = flac_block(6, b"image/jpeg of Jane Doe", last=True)
    return [first, flac_block(4, comments(*entries)), flac_block(3, bytes(18)), picture]


def theora_headers(*entries: bytes) -> list[bytes]:
    sides = (64).to_bytes(3, "big") + (48).to_bytes(3, "big")
    first = b"\x80theora\x03\x02\x01" + bytes((0, 4, 0, 3)) + sides + bytes(2) + struct.pack(">II", 25, 1)
    first += bytes(10) + (6 << 5).to_bytes(2, "big")
    return [first, b"\x81theora" + comments(*entries), b"\x82theora" + bytes(range(100))]
