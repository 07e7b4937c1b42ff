"""The parts of a WebP that belong together (RFC 9649, section 2.7), by the rules of libwebp, which browsers decode with.

What libwebp passes over is left out. What it refuses is refused, because other readers show one thing or another of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from picsafe_media.core.source import damaged
from picsafe_media.images.riff import Chunk

__all__ = ["WebpParts", "parts_of_file", "parts_of_frame"]

_PICTURES: Final = frozenset((b"VP8 ", b"VP8L"))
_CANVAS_BYTES: Final = 10
_LOOP_BYTES: Final = 6
_ICCP_FLAG, _ALPHA_FLAG, _ANIMATION_FLAG = 0x20, 0x10, 0x02


@dataclass(slots=True)
class WebpParts:
    """The chunks that decide what is shown; all others go.

    `canvas` is the chunk of an extended file, `flags` are its flags, and `lengths` are those of chunks whose length is
    fixed, by where they begin.
    """

    kept: list[Chunk] = field(default_factory=list)
    canvas: Chunk | None = None
    flags: int = 0
    lengths: dict[int, int] = field(default_factory=dict)


def parts_of_file(chunks: Sequence[Chunk], flags: int) -> WebpParts:
    """The parts of a whole file. `flags` is the first byte of its first chunk, if that is a `VP8X`."""
    if not chunks or chunks[0].kind != b"VP8X":
        if not chunks or chunks[0].kind not in _PICTURES:
            raise damaged("there is no picture in it")
        return WebpParts([chunks[0]])
    canvas, rest = chunks[0], chunks[1:]
    if canvas.stop - canvas.start < _CANVAS_BYTES or any(chunk.kind == b"VP8X" for chunk in rest):
        raise damaged("it describes its size twice, or not at all")
    parts = WebpParts([canvas], canvas, flags, {canvas.begin: _CANVAS_BYTES})
    if flags & _ICCP_FLAG:
        parts.kept += [chunk for chunk in rest if chunk.kind == b"ICCP"][:1]
    if flags & _ANIMATION_FLAG:
        _add_animation(parts, rest)
    else:
        parts.kept += _picture(rest)
        if any(chunk.kind == b"ALPH" for chunk in parts.kept) and not flags & _ALPHA_FLAG:
            raise damaged("it says that nothing of it is transparent, and how transparent it is")
    return parts


def parts_of_frame(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The parts of one frame of an animation."""
    found = _picture(chunks)
    if not found:
        raise damaged("a part of its animation has no picture")
    return found


def _add_animation(parts: WebpParts, chunks: Sequence[Chunk]) -> None:
    if any(chunk.kind in _PICTURES or chunk.kind == b"ALPH" for chunk in chunks):
        raise damaged("it has a picture beside those of its animation")
    frames = [chunk for chunk in chunks if chunk.kind == b"ANMF"]
    loop = next((chunk for chunk in chunks if chunk.kind == b"ANIM"), None)
    if loop is None or loop.stop - loop.start < _LOOP_BYTES or (frames and frames[0].begin < loop.begin):
        raise damaged("it does not say how its animation is played")
    parts.kept += [loop, *frames]
    parts.lengths[loop.begin] = _LOOP_BYTES


def _picture(chunks: Sequence[Chunk]) -> list[Chunk]:
    """A picture, and how transparent it is; empty where there is none."""
    found = [chunk for chunk in chunks if chunk.kind in _PICTURES or chunk.kind == b"ALPH"]
    kinds = [chunk.kind for chunk in found]
    if kinds not in ([], [b"VP8 "], [b"VP8L"], [b"ALPH", b"VP8 "]):
        raise damaged("it has more than one picture in one place")
    return found
