"""Reads the size of a picture from its own header, before anything is decoded: this is what a decoder will allocate.

More lenient than `clean`: it reads what decoders read, so that a damaged picture that viewers still show is measured
too. It never reads pixels. It ignores declared types, as browsers do, which look at the first bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

from picsafe_media.core.bounds import HEADER_STEPS, SEARCH_BYTES, WINDOW_BYTES
from picsafe_media.core.source import ByteSource, Window, damaged
from picsafe_media.isobmff.av1_size import av1_sides
from picsafe_media.isobmff.boxes import boxes_in
from picsafe_media.isobmff.coded_data import coded_data
from picsafe_media.isobmff.hevc_size import hevc_sides
from picsafe_protocol.contracts.errors import UnsupportedMedium
from picsafe_protocol.contracts.limits import PHOTO_FRAMES

__all__ = ["PictureSize", "picture_size"]

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SOFS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset((0x01, *range(0xD0, 0xD9)))
_SOS: Final = 0xDA
_CONTAINERS: Final = frozenset((b"meta", b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl"))
_BEFORE_CHILDREN: Final = {b"meta": 4}

Sides = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PictureSize:
    """What the header of a picture says.

    `media_type`: by the first bytes; "image/heif" for everything in its container. `sides`: width and height that the
    picture may truly be said to have, before any rotation; the largest first. `pixels`: the most that a decoder holds
    for one frame. `frames`: how many there are, counted up to one past `PHOTO_FRAMES`.
    """

    media_type: str
    sides: tuple[Sides, ...]
    pixels: int
    frames: int = 1


async def picture_size(source: ByteSource) -> PictureSize:
    """The size of a picture, from its header.

    Raises `UnsupportedMedium` when it is none that PicSafe carries, or does not say how large it is.
    """
    window = Window(source)
    head = await window.upto(0, 16)
    if head.startswith(b"\xff\xd8\xff"):
        found = await _jpeg(window)
    elif head.startswith(_PNG):
        found = await _png(window)
    elif head.startswith((b"GIF87a", b"GIF89a")):
        found = await _gif(window)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = await _webp(window)
    elif head[4:8] == b"ftyp":
        found = await _heif(window)
    else:
        raise UnsupportedMedium
    if not found.pixels:
        raise damaged("it does not say how large it is")
    return found


def _of(media_type: str, sides: list[Sides], frames: int = 1) -> PictureSize:
    largest = sorted(set(sides), key=lambda each: -each[0] * each[1])
    return PictureSize(
        media_type, tuple(largest), max((width * height for width, height in largest), default=0), frames
    )


def _steps() -> Iterator[None]:
    """Bounds the iterations of a loop over a header, so that a hostile file cannot block a page."""
    for _ in range(HEADER_STEPS):
        yield
    raise damaged("it has more parts than any real file")


async def _jpeg(window: Window) -> PictureSize:
    """The first frame header decides; decoders refuse a second one, and a height that is to follow later (DNL)."""
    at = 2
    for _ in _steps():
        at = await _marker(window, at)
        kind = await window.number(at + 1, 1)
        if kind in _SOFS:
            sides = await window.number(at + 7, 2), await window.number(at + 5, 2)
            return _of("image/jpeg", [sides])
        if kind == _SOS:
            break
        at += 2 if kind in _BARE else 2 + max(await window.number(at + 2, 2), 2)
    raise damaged("it does not say how large it is")


async def _marker(window: Window, at: int) -> int:
    """Where the next marker is: decoders skip what stands between two segments."""
    rest = await window.upto(at, 2)
    if len(rest) == 2 and rest[0] == 0xFF and rest[1] not in (0x00, 0xFF):
        return at
    rest = await window.upto(at, SEARCH_BYTES)
    for place in range(len(rest) - 1):
        if rest[place] == 0xFF and rest[place + 1] not in (0x00, 0xFF):
            return at + place
    raise damaged("it does not say how large it is")


async def _png(window: Window) -> PictureSize:
    """IHDR, and for animations acTL, which counts only before the picture data."""
    if await window.take(12, 16) != b"IHDR":
        raise damaged("its description does not come first")
    sides, frames, at = (await window.number(16, 4), await window.number(20, 4)), 1, 8
    for _ in _steps():
        if len(head := await window.upto(at, 12)) < 12 or head[4:8] in (b"IDAT", b"IEND"):
            break
        if head[4:8] == b"acTL":
            frames = int.from_bytes(head[8:12], "big")
        at += 12 + int.from_bytes(head[:4], "big")
    return _of("image/png", [sides], min(frames, PHOTO_FRAMES + 1))


async def _gif(window: Window) -> PictureSize:
    """The logical screen, and every frame, which some decoders let grow beyond it."""
    head = await window.take(0, 13)
    screen = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    pixels, frames = screen[0] * screen[1], 0
    at = 13 + (3 << (head[10] & 7) + 1 if head[10] & 0x80 else 0)
    while frames <= PHOTO_FRAMES:
        block = await window.upto(at, 10)
        if block[:1] == b"\x2c" and len(block) == 10:
            left, top, width, height = (int.from_bytes(block[place : place + 2], "little") for place in (1, 3, 5, 7))
            pixels = max(pixels, (left + width) * (top + height))
            frames += 1
            at = await _after_blocks(window, at + 11 + (3 << (block[9] & 7) + 1 if block[9] & 0x80 else 0))
        elif block[:1] == b"\x21":
            at = await _after_blocks(window, at + 2)
        else:
            break
    return PictureSize("image/gif", (screen,), pixels, max(frames, 1))


async def _after_blocks(window: Window, at: int) -> int:
    """Where a run of sub-blocks ends, looked through a window at a time: a GIF has one for each 255 bytes."""
    while data := await window.upto(at, WINDOW_BYTES):
        place = 0
        while place < len(data):
            if not data[place]:
                return at + place + 1
            place += 1 + data[place]
        at += place
    return at


async def _webp(window: Window) -> PictureSize:
    """The canvas, and every picture inside it."""
    sides: list[Sides] = []
    frames = 0
    async for kind, start in _chunks(window):
        data = await window.upto(start, 16)
        if kind == b"VP8X":
            sides.append((1 + _little(data[4:7]), 1 + _little(data[7:10])))
        elif kind == b"ANMF":
            frames += 1
            sides.append((1 + _little(data[6:9]), 1 + _little(data[9:12])))
            frame = await window.upto(start + 16, 26)
            sides += [_vp8(frame[:4], frame[8:])]
        elif kind in (b"VP8 ", b"VP8L"):
            sides.append(_vp8(kind, data))
        if frames > PHOTO_FRAMES:
            break
    return _of("image/webp", [each for each in sides if all(each)], max(frames, 1))


def _vp8(kind: bytes, data: bytes) -> Sides:
    """Width and height of a coded picture; zeros for another chunk."""
    if kind == b"VP8L" and len(data) >= 5:
        bits = _little(data[1:5])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 10:
        return _little(data[6:8]) & 0x3FFF, _little(data[8:10]) & 0x3FFF
    return 0, 0


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


async def _chunks(window: Window) -> AsyncIterator[tuple[bytes, int]]:
    """Kinds of the chunks of a RIFF file, and where their content begins, up to the end or to what is no chunk."""
    at = 12
    for _ in range(PHOTO_FRAMES + HEADER_STEPS):
        head = await window.upto(at, 8)
        if len(head) < 8:
            return
        yield head[:4], at + 8
        length = _little(head[4:])
        at += 8 + length + length % 2


async def _heif(window: Window) -> PictureSize:
    """Every size that an item or a track of the file is said to have: a decoder takes one of them, or fails.

    A crop (`clap`) is what a viewer shows, and so what a report names. The coded pictures inside are measured as well.
    """
    sides: list[Sides] = []
    shown: list[Sides] = []
    coded: list[Sides] = []
    at = 0
    for _ in _steps():
        head = await window.upto(at, 16)
        length = int.from_bytes(head[:4], "big")
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:16], "big")
        if len(head) < 8 or (length and length < 8):
            break
        stop = min(at + length, window.size) if length else window.size
        if head[4:8] in (b"meta", b"moov"):
            data = await window.take(at, stop)
            _collect(data, sides, shown, coded)
            if b"av1C" in data:
                for extents in coded_data(data, at):
                    coded += await av1_sides(window, extents)
        at = stop
    found = _of("image/heif", sides)
    hidden = _of("image/heif", coded)
    if found.pixels and _exceed(coded, sides):
        return hidden
    return PictureSize(found.media_type, found.sides + tuple(shown), max(found.pixels, hidden.pixels), found.frames)


def _exceed(coded: list[Sides], sides: list[Sides]) -> bool:
    """Whether the container states a wrong size: coded pictures are at most padded to whole blocks of 64."""
    widest, highest = max(width for width, _ in sides), max(height for _, height in sides)
    return any(width > widest + 63 or height > highest + 63 for width, height in coded)


def _collect(data: bytes, sides: list[Sides], shown: list[Sides], coded: list[Sides], deep: int = 0) -> None:
    """Sizes in the boxes of `data` and of those within."""
    for box in boxes_in(data):
        content = data[box.start : box.stop]
        if box.kind == b"stsd":
            _collect_entries(content, sides, shown, coded)
        elif box.kind in _CONTAINERS and deep < len(_CONTAINERS):
            _collect(content[_BEFORE_CHILDREN.get(box.kind, 0) :], sides, shown, coded, deep + 1)
        elif box.kind == b"ispe" and len(content) >= 12:
            sides.append((int.from_bytes(content[4:8], "big"), int.from_bytes(content[8:12], "big")))
        elif box.kind == b"clap" and len(content) >= 16:
            numbers = [int.from_bytes(content[place : place + 4], "big") for place in range(0, 16, 4)]
            if numbers[1] and numbers[3]:
                shown.append((numbers[0] // numbers[1], numbers[2] // numbers[3]))
        elif box.kind == b"hvcC":
            coded += hevc_sides(content)


def _collect_entries(content: bytes, sides: list[Sides], shown: list[Sides], coded: list[Sides]) -> None:
    """Sizes in the descriptions of a track's pictures, whatever their coding."""
    for entry in boxes_in(content, 8):
        described = content[entry.start : entry.stop]
        if len(described) >= 78:
            sides.append((int.from_bytes(described[24:26], "big"), int.from_bytes(described[26:28], "big")))
            _collect(described[78:], sides, shown, coded)
