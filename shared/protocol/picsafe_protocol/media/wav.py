"""WAVE (Microsoft, Multimedia Programming Interface 1.0; EBU Tech 3285 for `bext`): kept are format and samples."""

from __future__ import annotations

from typing import Final

from picsafe_protocol.media.model import Cleaned, Description, Removal
from picsafe_protocol.media.plan import Plan
from picsafe_protocol.media.riff import OPEN_END, chunks
from picsafe_protocol.media.source import Window, damaged

__all__ = ["clean_wav"]

_KEPT: Final = frozenset((b"fmt ", b"fact", b"data"))
_REMOVED: Final = {
    b"LIST": Removal.TAGS,
    b"id3 ": Removal.TAGS,
    b"ID3 ": Removal.TAGS,
    b"bext": Removal.AUTHOR,
    b"iXML": Removal.COMMENT,
    b"_PMX": Removal.XMP,
    b"cart": Removal.COMMENT,
}


async def clean_wav(window: Window) -> Cleaned:
    """The plan for a WAVE file; everything beyond its RIFF chunk goes."""
    plan = Plan(window.size)
    declared = await window.number(4, 4, "little")
    end = window.size if declared == OPEN_END else 8 + declared
    if end > window.size:
        raise damaged("it ends too early")
    sound, rate, length = 0, 0, 4  # bytes, bytes per second, bytes
    async for chunk in chunks(window, 12, end, open_ended=b"data"):
        if chunk.kind not in _KEPT:
            plan.cut(chunk.begin, chunk.end, _REMOVED.get(chunk.kind, Removal.PRIVATE_DATA))
            continue
        length += chunk.end - chunk.begin
        if chunk.kind == b"fmt ":
            rate = int.from_bytes(await window.take(chunk.start + 8, chunk.start + 12), "little")
        elif chunk.kind == b"data":
            sound += chunk.stop - chunk.start
            if await window.number(chunk.begin + 4, 4, "little") == OPEN_END:
                plan.put(chunk.begin + 4, chunk.begin + 8, (chunk.stop - chunk.start).to_bytes(4, "little"))
    if not (rate and sound):
        raise damaged("there is no sound in it")
    plan.cut(end, window.size, *([Removal.STRAY_BYTES] if end < window.size else []))
    if length != declared:
        plan.put(4, 8, length.to_bytes(4, "little"))
    return plan.finish(Description("audio", "audio/wav", "wav", duration=sound / rate))
