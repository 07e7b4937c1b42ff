"""What a page gives to its browser to be saved, as the browser wrote it to the disk."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from harness.browser.engines import FIREFOX

FOLDER: Final = Path(tempfile.gettempdir()) / f"picsafe-downloads-{os.getpid()}"
"""Where Firefox puts them: Playwright is not told which file belongs to a link with `download`, so it tells nobody."""


@dataclass
class Downloaded:
    """A file that was saved; known at the end of the block of `download`."""

    name: str = ""
    content: bytes = b""


@contextmanager
def download(page: Page, timeout: float = 30_000) -> Iterator[Downloaded]:
    """Waits at the end of the block, at most `timeout` milliseconds, until what was asked for in it is saved whole."""
    saved = Downloaded()
    browser = page.context.browser
    if (
        browser is not None and browser.browser_type.name == FIREFOX and FOLDER.is_dir()
    ):  # WebKitGTK's has that name, too
        before = _finished()
        yield saved
        path = _next(page, before, timeout)
        saved.name, saved.content = path.name, path.read_bytes()
        path.unlink()  # the next one of this name keeps it
    else:
        with page.expect_download(timeout=timeout) as waiting:
            yield saved
        saved.name, saved.content = waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def _next(page: Page, before: set[Path], timeout: float) -> Path:
    until = time.monotonic() + timeout / 1000
    while time.monotonic() < until:
        new = _finished() - before
        if new:
            return new.pop()
        page.wait_for_timeout(50)
    raise AssertionError(f"nothing was saved within {timeout} ms")


def _finished() -> set[Path]:
    """Files that are whole: until then Firefox writes to another one, and an empty one keeps its place."""
    if not FOLDER.is_dir():
        return set()
    return {each for each in FOLDER.iterdir() if each.suffix != ".part" and each.stat().st_size}
