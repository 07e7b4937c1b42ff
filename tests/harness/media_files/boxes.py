"""Small HEIF pictures and films, built box by box: nothing in them can be decoded, but their structure is right."""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import dataclass, field

from harness.media_files.pictures import XMP, tiff_with


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return (len(data) + 8).to_bytes(4, "big") + kind + data


def full_box(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, bytes((version,)) + flags.to_bytes(3, "big"), *content)


def ints(width: int, *numbers: int) -> bytes:
    return b"".join(number.to_bytes(width, "big") for number in numbers)


def handler(kind: bytes, name: bytes = b"Core Media of Acme\x00") -> bytes:
    return full_box(b"hdlr", bytes(4), kind, b"appl", bytes(8), name)


# --- pictures


@dataclass
class Item:
    number: int
    kind: bytes
    data: bytes
    properties: tuple[int, ...] = ()
    content_type: bytes = b""
    name: bytes = b"named by Acme"
    in_idat: bool = False


def aux_type(urn: bytes) -> bytes:
    return full_box(b"auxC", urn + b"\x00")


ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
DEPTH = b"urn:mpeg:hevc:2015:auxid:2"
SIZE = full_box(b"ispe", ints(4, 1600, 1200))
PROPERTIES = (
    SIZE,
    box(b"hvcC", b"configuration"),
    box(b"colr", b"prof", b"colour profile"),
    box(b"irot", b"\x03"),
    full_box(b"udes", b"en\x00Jane Doe\x00\x00\x00"),
    full_box(b"ispe", ints(4, 160, 120)),
    aux_type(ALPHA),
    aux_type(DEPTH),
    full_box(b"crtt", ints(8, 3800000000000000)),
)


@dataclass
class Picture:
    """A HEIC file. `references` are (kind, source, targets); items with `in_idat` lie in `meta` itself."""

    items: list[Item]
    references: list[tuple[bytes, int, tuple[int, ...]]] = field(default_factory=list)
    properties: tuple[bytes, ...] = PROPERTIES
    more_meta: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()
    brand: bytes = b"heic"
    version: int = 1
    primary: int = 1

    def build(self) -> bytes:
        first = box(b"ftyp", self.brand, bytes(4), b"mif1", self.brand)
        base = len(first) + len(self._meta(0)) + 8
        data = b"".join(item.data for item in self.items if not item.in_idat)
        return first + self._meta(base) + box(b"mdat", data) + b"".join(self.after)

    def _meta(self, base: int) -> bytes:
        entries = [
            full_box(
                b"infe",
                ints(2, item.number, 0),
                item.kind,
                item.name + b"\x00",
                *([item.content_type + b"\x00"] if item.content_type else []),
                version=2,
            )
            for item in self.items
        ]
        idat = b"".join(item.data for item in self.items if item.in_idat)
        return full_box(
            b"meta",
            handler(b"pict", b"libAcme\x00"),
            full_box(b"pitm", ints(2, self.primary)),
            full_box(b"iinf", ints(2, len(entries)), *entries),
            self._iloc(base),
            full_box(
                b"iref",
                *(box(kind, ints(2, source, len(targets), *targets)) for kind, source, targets in self.references),
            ),
            box(b"iprp", box(b"ipco", *self.properties), self._ipma()),
            *([box(b"idat", idat)] if idat else []),
            *self.more_meta,
        )

    def _iloc(self, base: int) -> bytes:
        entries, at, idat_at = [], base, 0
        for item in self.items:
            start = idat_at if item.in_idat else at
            method = ints(2, int(item.in_idat)) if self.version else b""
            number = ints(4 if self.version == 2 else 2, item.number)
            entries.append(number + method + ints(2, 0, 1) + ints(4, start, len(item.data)))
            if item.in_idat:
                idat_at += len(item.data)
            else:
                at += len(item.data)
        count = ints(4 if self.version == 2 else 2, len(entries))
        return full_box(b"iloc", b"\x44\x00", count, *entries, version=self.version)

    def _ipma(self) -> bytes:
        associated = [item for item in self.items if item.properties]
        entries = [
            ints(2, item.number) + bytes((len(item.properties), *(0x80 | index for index in item.properties)))
            for item in associated
        ]
        return full_box(b"ipma", ints(4, len(entries)), *entries)


def exif_item(number: int, orientation: int = 6) -> Item:
    return Item(number, b"Exif", b"\x00\x00\x00\x06Exif\x00\x00" + tiff_with(orientation))


def xmp_item(number: int) -> Item:
    return Item(number, b"mime", XMP, content_type=b"application/rdf+xml")


PIXELS = b"pixels of the picture " * 20


def phone_picture() -> Picture:
    """As phones write them: tiles in a grid, a thumbnail, transparency, a depth map, Exif and XMP."""
    return Picture(
        [
            Item(1, b"grid", b"\x00\x00\x00\x01\x06\x40\x04\xb0", (1, 3, 4, 5, 9), in_idat=True),
            Item(2, b"hvc1", PIXELS + b"left", (1, 2)),
            Item(6, b"hvc1", b"a small copy of Jane Doe", (6, 2)),
            Item(3, b"hvc1", PIXELS + b"right", (1, 2)),
            exif_item(7),
            Item(4, b"hvc1", b"transparency", (1, 2, 7)),
            Item(5, b"hvc1", b"how far Jane Doe's nose is", (6, 2, 8)),
            xmp_item(8),
            Item(9, b"uri ", b"notes of Acme", in_idat=True),
        ],
        [
            (b"dimg", 1, (2, 3)),
            (b"thmb", 6, (1,)),
            (b"auxl", 4, (1,)),
            (b"auxl", 5, (1,)),
            (b"cdsc", 7, (1,)),
            (b"cdsc", 8, (1,)),
        ],
    )


# --- films

UNITY = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
TURNED_RIGHT = (0, 0x10000, 0, 0xFFFF0000, 0, 0, 0, 0, 0x40000000)
RECORDED = 3880000000
"""Seconds since 1904: 2026-12-13T09:46:40Z."""


@dataclass
class FilmTrack:
    kind: bytes
    samples: tuple[bytes, ...]
    entry: bytes = b""
    matrix: tuple[int, ...] = UNITY
    references: tuple[tuple[bytes, int], ...] = ()
    more: tuple[bytes, ...] = ()
    wide_offsets: bool = False


def video_entry(name: bytes = b"\x0eAcme H.264 cam", *children: bytes) -> bytes:
    head = bytes(6) + ints(2, 1) + bytes(4) + b"ACME" + bytes(8) + ints(2, 1920, 1080) + ints(4, 0x480000, 0x480000, 0)
    return box(
        b"avc1",
        head,
        ints(2, 1),
        name.ljust(32, b"\x00"),
        ints(2, 24, 0xFFFF),
        box(b"avcC", b"configuration"),
        *children,
    )


def audio_entry() -> bytes:
    return box(b"mp4a", bytes(6), ints(2, 1), bytes(4), b"ACME", ints(2, 1, 16), bytes(4), ints(4, 44100 << 16))


VIDEO = FilmTrack(b"vide", (b"picture one", b"picture two", b"picture three"), video_entry())
SOUND = FilmTrack(b"soun", (b"sound one", b"sound two"), audio_entry())
PLACES = FilmTrack(
    b"meta", (b"GPS -37.8 one", b"GPS -37.8 two"), box(b"gpmd", bytes(6), ints(2, 1)), references=((b"cdsc", 1),)
)


@dataclass
class Film:
    """An MP4 or MOV file; each track's samples are one chunk, in the order of the tracks."""

    tracks: tuple[FilmTrack, ...] = (VIDEO, SOUND)
    in_moov: tuple[bytes, ...] = ()
    between: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()
    brand: bytes | None = b"isom"
    version: int = 0
    index_first: bool = False
    duration: int = 2500

    def build(self) -> bytes:
        first = box(b"ftyp", self.brand, bytes(4), self.brand) if self.brand else box(b"wide")
        data = box(b"mdat", *(sample for track in self.tracks for sample in track.samples))
        between = b"".join(self.between)
        if self.index_first:
            offset = len(first) + len(self._moov(0)) + len(between)
            return first + self._moov(offset + 8) + between + data + b"".join(self.after)
        return first + between + data + self._moov(len(first) + len(between) + 8) + b"".join(self.after)

    def _times(self) -> bytes:
        return ints(8 if self.version else 4, RECORDED, RECORDED)

    def _moov(self, offset: int) -> bytes:
        traks = []
        for number, track in enumerate(self.tracks, 1):
            traks.append(self._trak(number, track, offset))
            offset += sum(len(sample) for sample in track.samples)
        width = 8 if self.version else 4
        rest = ints(4, 0x10000) + bytes(12) + ints(4, *UNITY) + bytes(24) + ints(4, len(traks) + 1)
        mvhd = full_box(b"mvhd", self._times(), ints(4, 1000), ints(width, self.duration), rest, version=self.version)
        return box(b"moov", mvhd, *traks, *self.in_moov)

    def _trak(self, number: int, track: FilmTrack, offset: int) -> bytes:
        width = 8 if self.version else 4
        sides = ints(4, 1920 << 16, 1080 << 16) if track.kind == b"vide" else bytes(8)
        tkhd = full_box(
            b"tkhd",
            self._times(),
            ints(4, number, 0),
            ints(width, 2500),
            bytes(16),
            ints(4, *track.matrix),
            sides,
            version=self.version,
        )
        tref = box(b"tref", *(box(kind, ints(4, target)) for kind, target in track.references))
        mdhd = full_box(b"mdhd", self._times(), ints(4, 1000), ints(width, 2500), bytes(4), version=self.version)
        dref = full_box(b"dref", ints(4, 1), full_box(b"alis", b"Acme disk of Jane Doe", flags=1))
        minf = box(b"minf", handler(b"alis", b"\x0cAcme aliases"), box(b"dinf", dref), self._stbl(track, offset))
        mdia = box(b"mdia", mdhd, handler(track.kind), minf)
        return box(b"trak", tkhd, *([tref] if track.references else []), mdia, *track.more)

    def _stbl(self, track: FilmTrack, offset: int) -> bytes:
        sizes = [len(sample) for sample in track.samples]
        offsets = (
            full_box(b"co64", ints(4, 1), ints(8, offset))
            if track.wide_offsets
            else full_box(b"stco", ints(4, 1, offset))
        )
        return box(
            b"stbl",
            full_box(b"stsd", ints(4, 1), track.entry),
            full_box(b"stts", ints(4, 1, len(sizes), 1000)),
            full_box(b"stsc", ints(4, 1, 1, len(sizes), 1)),
            full_box(b"stsz", ints(4, 0, len(sizes), *sizes)),
            offsets,
        )


def tag_boxes() -> tuple[bytes, ...]:
    """What phones and programs put into `moov`."""
    place = box(b"\xa9xyz", ints(2, 18, 0x15C7), b"-37.8136+144.9631/")
    keys = full_box(b"keys", ints(4, 1), box(b"mdta", b"com.apple.quicktime.location.ISO6709"))
    ilst = box(b"ilst", box(b"\xa9too", box(b"data", ints(4, 1, 0), b"Acme Editor")))
    meta = box(b"meta", handler(b"mdta"), keys, ilst)
    return (
        box(b"udta", place, bytes(4)),
        meta,
        box(b"uuid", bytes(16), XMP),
        box(b"free", b"Jane Doe"),
        box(b"Xtra", b"Jane Doe"),
    )


def fragmented_film(*, places: bool = False, between: bytes = b"") -> bytes:
    """As browsers record them: an index without samples, then fragments of one second each.

    `places`: with a track of positions beside the picture; `between`: bytes of the media data that no run of samples covers.
    """
    tracks = (FilmTrack(b"vide", (), video_entry()), *([dataclasses.replace(PLACES, samples=())] if places else []))
    film = Film(tracks, duration=0, version=0).build()
    moov = film[film.index(b"moov") - 4 :]
    mvex = box(b"mvex", full_box(b"trex", ints(4, 1, 1, 500, 5, 0)), full_box(b"trex", ints(4, 2, 1, 500, 13, 0)))
    index = (len(moov) + len(mvex)).to_bytes(4, "big") + moov[4:] + mvex
    return box(b"ftyp", b"iso5", bytes(4)) + index + b"".join(_fragment(number, places, between) for number in range(3))


def _fragment(number: int, places: bool, between: bytes) -> bytes:
    def build(offset: int) -> bytes:
        tfhd = full_box(b"tfhd", ints(4, 1), flags=0x20000)
        tfdt = full_box(b"tfdt", struct.pack(">Q", 1000 * number), version=1)
        samples = ints(4, 2, offset, 400, 5, 600, 5) if number else ints(4, 2, offset)
        trun = full_box(b"trun", samples, flags=0x301 if number else 1)
        trafs = [box(b"traf", tfhd, tfdt, trun, box(b"uuid", bytes(16), b"Jane Doe"))]
        if places:
            tfhd = full_box(b"tfhd", ints(4, 2), flags=0x20000)
            run = full_box(b"trun", ints(4, 2, offset + 10 + len(between)), flags=1)
            trafs.append(box(b"traf", tfhd, run))
        return box(b"moof", full_box(b"mfhd", ints(4, number)), *trafs)

    data = b"onetwofour" + between + (b"GPS -37.8 oneGPS -37.8 two" if places else b"")
    return build(len(build(0)) + 8) + box(b"mdat", data)
