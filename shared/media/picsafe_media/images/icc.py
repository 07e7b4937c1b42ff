"""ICC profiles (ISO 15076-1): kept is what decides about colours; what tells one display or scanner from another goes.

Operating systems put the profile of the display into screenshots, and that profile may hold the display's serial
number.
"""

from __future__ import annotations

from typing import Final

from picsafe_media.core.model import Removal
from picsafe_media.core.ranges import Range, merged, within, without

__all__ = ["blanked_profile", "private_ranges"]

_COLOURS: Final = frozenset(
    b"A2B0 A2B1 A2B2 A2B3 B2A0 B2A1 B2A2 B2A3 D2B0 D2B1 D2B2 D2B3 B2D0 B2D1 B2D2 B2D3 "
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad chrm lumi cicp gamt pre0 pre1 pre2 "
    b"clro clrt clot ncl2 ncol rig0 rig2 ciis tech view meas resp vcgt aarg aagg aabg c2sp s2cp svcn gbd0 gbd1 gbd2 gbd3".split()
)
"""Tags that decide about colours."""
_NAMES: Final = frozenset(b"desc dscm cprt dmnd dmdd vued".split())
"""The name of the colour space and of its maker: editors list profiles by it."""
_SERIAL: Final = frozenset((b"mmod",))
_HEADER: Final = 128
_ID: Final[Range] = (84, 100)
"""A digest of the whole profile; with it, serial numbers can be guessed. Zeros mean that it was not calculated."""
_TAGS: Final = 1000
_TYPE_BYTES: Final = 8


def private_ranges(profile: bytes) -> tuple[list[Range], set[Removal]]:
    """Which bytes of a profile to overwrite with zeros, and what they are; none where there is nothing private in it.

    Tags keep their types, so that the profile stays well formed. What is shared with a tag that stays, stays; what no
    tag uses goes.
    """
    if len(profile) < _HEADER + 4 or profile[36:40] != b"acsp":
        return [], set()
    kept, private = [], {}
    table_end = _HEADER + 4 + 12 * min(int.from_bytes(profile[_HEADER : _HEADER + 4], "big"), _TAGS)
    for at in range(_HEADER + 4, min(table_end, len(profile) - 11), 12):
        name, start = profile[at : at + 4], int.from_bytes(profile[at + 4 : at + 8], "big")
        stop = min(start + int.from_bytes(profile[at + 8 : at + 12], "big"), len(profile))
        if name in _COLOURS | _NAMES:
            kept.append((start, stop))
        else:
            private[start + _TYPE_BYTES, stop] = Removal.SERIAL_NUMBER if name in _SERIAL else Removal.PRIVATE_DATA
    free = without([(table_end, len(profile))] if table_end < len(profile) else [], merged(kept))
    ranges: list[Range] = []
    removed = set()
    for (start, stop), what in private.items():
        found = [part for part in within(free, start, stop) if any(profile[slice(*part)])]
        ranges += found
        removed |= {what} if found else set()
    types = [(start - _TYPE_BYTES, start) for start, _ in private]
    unused = without(without(free, merged(types)), merged(private))
    found = [part for part in unused if any(profile[slice(*part)])]
    ranges += found
    removed |= {Removal.STRAY_BYTES} if found else set()
    if ranges and any(profile[slice(*_ID)]):
        ranges.append(_ID)
    return merged(ranges), removed


def blanked_profile(profile: bytes) -> tuple[bytes, set[Removal]]:
    """The profile without what is private, of the same length, and what that was."""
    ranges, removed = private_ranges(profile)
    blanked = bytearray(profile)
    for start, stop in ranges:
        blanked[start:stop] = bytes(stop - start)
    return bytes(blanked), removed
