"""FLAC (RFC 9639): kept are the stream's description, its seek table and the frames."""

from __future__ import annotations

from typing import Final

from picsafe_media.audio.tags import cut_tags_behind
from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Cleaned, Description, Removal
from picsafe_media.core.source import Window, damaged

__all__ = ["clean_flac"]

_STREAMINFO, _PADDING, _SEEKTABLE, _COMMENT, _CUESHEET, _PICTURE = 0, 1, 3, 4, 5, 6
_LAST: Final = 0x80
_REMOVED: Final = {
    _COMMENT: Removal.TAGS,
    _PICTURE: Removal.COVER_PICTURE,
    _CUESHEET: Removal.CHAPTERS,
}


async def clean_flac(window: Window, begin: int, plan: EditPlan) -> Cleaned:
    """The plan for the FLAC stream at `begin`; `plan` has dealt with what is before it."""
    at, last, kept = begin + 4, False, -1
    description: Description | None = None
    while not last:
        kind, length = await window.number(at, 1), await window.number(at + 1, 3)
        last, kind = bool(kind & _LAST), kind & ~_LAST
        stop = at + 4 + length
        if description is None:
            if kind != _STREAMINFO or length != 34:
                raise damaged("its description does not come first")
            description = _describe(await window.take(at + 4, at + 38))
            kept = at
        elif kind == _SEEKTABLE:
            kept = at
        elif kind != _PADDING or not await window.is_zero(at + 4, stop):
            plan.cut(at, stop, _REMOVED.get(kind, Removal.PRIVATE_DATA))
        else:
            kept = at
        at = stop
    first = await window.number(kept, 1)
    if not first & _LAST:
        plan.put(kept, kept + 1, bytes((first | _LAST,)))
    end = await cut_tags_behind(window, plan, at)
    if end - at < 2 or await window.number(at, 2) & 0xFFFE != 0xFFF8 or description is None:
        raise damaged("there is no sound in it")
    return plan.finish(description)


def _describe(info: bytes) -> Description:
    """RFC 9639, section 8.2; a stream may leave its length unknown (0)."""
    bits = int.from_bytes(info[10:18], "big")
    rate, samples = bits >> 44, bits & (1 << 36) - 1
    if not rate:
        raise damaged("its header is not valid")
    return Description("audio", "audio/flac", "flac", duration=samples / rate if samples else None)
