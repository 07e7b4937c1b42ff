"""EBML elements, of which WebM and Matroska files consist (RFC 8794)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container
from typing import Final, NamedTuple

from picsafe_media.core.edit_plan import EditPlan
from picsafe_media.core.model import Removal
from picsafe_media.core.source import Window, damaged

__all__ = ["CRC32", "VOID", "Element", "element_at", "elements", "resize", "unsigned", "void", "zero"]

VOID: Final = 0xEC
CRC32: Final = 0xBF


class Element(NamedTuple):
    """One element: `begin` to `stop` with its header, its data from `start`. `open` says that its length is unknown."""

    number: int
    begin: int
    start: int
    stop: int
    open: bool = False


async def elements(window: Window, at: int, end: int, until: Container[int] = ()) -> AsyncIterator[Element]:
    """The elements between two offsets, or up to one of the kinds in `until`: those end a parent of unknown length."""
    while at < end:
        element = await element_at(window, at, end)
        if element is None or element.stop > end:
            raise damaged("it ends too early")
        if element.number in until:
            return
        yield element
        at = element.stop


async def element_at(window: Window, at: int, end: int) -> Element | None:
    """The element at an offset, which may reach beyond `end`; None where not even its length fits in before."""
    head = await window.upto(at, min(12, end - at))
    width = 9 - head[0].bit_length()
    if width > 4:
        raise damaged("there is no element where one should be")
    if len(head) <= width:
        return None
    number = int.from_bytes(head[:width], "big")
    length_width = 9 - head[width].bit_length()
    start = at + width + length_width
    if length_width > 8:
        raise damaged("an element has no length")
    if len(head) < width + length_width:
        return None
    mask = (1 << 7 * length_width) - 1
    length = int.from_bytes(head[width : width + length_width], "big") & mask
    if length == mask:
        return Element(number, at, start, end, open=True)
    return Element(number, at, start, start + length)


def resize(plan: EditPlan, element: Element, stop: int) -> Element:
    """Writes that an element ends at `stop`: where the file was cut off, or its length was wrong."""
    if element.open:
        return element._replace(stop=stop)
    where = element.begin + (element.number.bit_length() + 7) // 8
    width = element.start - where
    if stop - element.start >= (1 << 7 * width) - 1:
        raise damaged("the length of a part is missing")
    plan.put(where, element.start, (1 << 7 * width | stop - element.start).to_bytes(width, "big"))
    return element._replace(stop=stop)


async def unsigned(window: Window, element: Element) -> int:
    """The unsigned integer in an element; it has at most eight bytes."""
    return int.from_bytes(await window.take(element.start, min(element.stop, element.start + 8)), "big")


async def zero(window: Window, plan: EditPlan, element: Element, *removed: Removal) -> None:
    """Fills an element's data with zeros: an empty text, or a date without meaning."""
    if not await window.is_zero(element.start, element.stop):
        plan.blank(element.start, element.stop, *removed)


async def void(window: Window, plan: EditPlan, element: Element, *removed: Removal) -> None:
    """Turns an element into a Void of the same length, so that no position changes."""
    if element.open:
        raise damaged("the length of a part is missing")
    length = element.stop - element.begin
    header = b"\xec" + bytes((0x80 | length - 2,)) if length < 129 else b"\xec\x01" + (length - 9).to_bytes(7, "big")
    plan.put(element.begin, element.begin + len(header), header, *removed)
    if not await window.is_zero(element.begin + len(header), element.stop):
        plan.blank(element.begin + len(header), element.stop)
