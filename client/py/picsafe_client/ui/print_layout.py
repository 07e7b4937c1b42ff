"""Prints photos: one per page, with a caption of the details, through the browser's own dialog.

The sheet is made for the moment of printing and is the only thing of the page that css/print.css lets through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from picsafe_client.ui import dom

SHEET: Final = "print-sheet"


@dataclass(frozen=True)
class PrintedPhoto:
    """One photo for a page of its own: its object URL, and the facts that stand below it, line by line."""

    url: str
    title: str
    caption: Sequence[tuple[str, str]]
    footer: str


async def print_pages(pages: Sequence[PrintedPhoto], cover: dom.Node | None = None) -> list[int]:
    """Opens the browser's print dialogue; returns when it is closed. The answer: which pages have no photo, because
    this browser cannot show it. `cover` comes before them.
    """
    photos = lay_out(pages, cover)
    missing: list[int] = []
    try:
        for index, photo in enumerate(photos):
            if not await _can_be_seen(photo):
                missing.append(index)
                dom.remove(photo.closest("figure"))
        if cover is not None or len(missing) < len(pages):
            await _dialogue()
    finally:
        discard()
    return missing


def lay_out(pages: Sequence[PrintedPhoto], cover: dom.Node | None = None) -> list[dom.Node]:
    """Puts the sheet into the page, where only paper shows it; the answer is its photos, still being decoded."""
    discard()
    photos = [dom.el("img", {"alt": "", "src": page.url, "class": "print-photo"}) for page in pages]
    figures = [_figure(page, photo) for page, photo in zip(pages, photos, strict=True)]
    dom.document().body.append(dom.el("div", {"id": SHEET, "aria-hidden": True}, cover, *figures))
    return photos


def is_laid_out() -> bool:
    """Whether there is a sheet."""
    return bool(dom.document().getElementById(SHEET))


def discard() -> None:
    """Takes the sheet, and with it every plain photo, off the page."""
    sheet = dom.document().getElementById(SHEET)
    if sheet:
        for photo in sheet.querySelectorAll("img"):
            photo.removeAttribute("src")
        dom.remove(sheet)


def _figure(page: PrintedPhoto, photo: dom.Node) -> dom.Node:
    facts = dom.el("dl", {"class": "print-facts"})
    for name, value in page.caption:
        dom.append(facts, dom.el("div", None, dom.el("dt", None, name), dom.el("dd", None, value)))
    return dom.el(
        "figure",
        {"class": "print-page"},
        dom.el("div", {"class": "print-frame"}, photo),
        dom.el(
            "figcaption",
            {"class": "print-caption"},
            dom.el("h2", None, page.title),
            facts,
            dom.el("p", {"class": "print-footer"}, page.footer),
        ),
    )


async def _can_be_seen(photo: dom.Node) -> bool:
    """Waits for a photo. A browser short of memory may give up decoding it ahead and still print it, so what counts in
    the end is whether it found a picture in those bytes."""
    from pyodide.ffi import JsException

    with suppress(JsException):
        await photo.decode()
    return bool(photo.naturalWidth)


async def _dialogue() -> None:
    """`window.print()`: it stops the page in some browsers and returns at once in others, which tell later."""
    printed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def after(_event: Any) -> None:
        if not printed.done():
            printed.set_result(None)

    # A touch of the page says as well that the dialogue is over, should a browser forget to tell.
    offs = [dom.on(dom.window(), event, after) for event in ("afterprint", "pointerdown")]
    try:
        dom.window().print()
        await printed
    finally:
        for off in offs:
            off()
