"""How much memory a browser's processes take: read from Linux, as it counts them, while something goes on in them.

Private memory is what the kernel would get back if the process ended (`Private_Clean` + `Private_Dirty` of
/proc/<pid>/smaps_rollup), so neither the program itself nor what processes share counts. All renderers of the browser count,
which is more than the one of the page: a browser keeps a spare one. A browser that is measured has no other page.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

COLLECTS: Final = "--js-flags=--expose-gc"
"""The argument with which a browser lets a page ask for its memory to be tidied up."""
TIDY: Final = "async () => { for (let turn = 0; turn < 3; turn++) await gc({ type: 'major', execution: 'async' }); }"
"""The function that asks."""
EVERY: Final = 0.05
"""Seconds between two readings."""
_MB: Final = 1e6


@dataclass(frozen=True)
class Reading:
    """Megabytes (10⁶ bytes) of private memory: of the renderers, and of all processes of the browser."""

    renderers: float
    browser: float

    def above(self, before: Reading) -> Reading:
        """What came to it since."""
        return Reading(self.renderers - before.renderers, self.browser - before.browser)


@dataclass
class Watched:
    """The largest of many readings, renderers and browser each for itself."""

    peak: Reading = field(default_factory=lambda: Reading(0, 0))

    def note(self, reading: Reading) -> None:
        """One reading more."""
        self.peak = Reading(max(self.peak.renderers, reading.renderers), max(self.peak.browser, reading.browser))


async def process_of(browser: Browser) -> int:
    """The process id of a browser."""
    session = await browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    return next(int(each["id"]) for each in processes if each["type"] == "browser")


def process_with(profile: Path) -> int:
    """The process id of the browser that has this folder as its profile."""
    wanted = f"--user-data-dir={profile}".encode()
    found = [pid for pid, _ in _parents() if wanted in (parts := _command(pid).split(b"\0")) and not _is_helper(parts)]
    [pid] = found
    return pid


def _is_helper(command: list[bytes]) -> bool:
    return any(part.startswith(b"--type=") for part in command)


def of(browser: int) -> Reading:
    """What the browser with this process id takes now."""
    parents = dict(_parents())
    family = [pid for pid in parents if _is_below(pid, browser, parents)]
    private = {pid: _private(pid) for pid in family}
    renderers = sum(size for pid, size in private.items() if b"--type=renderer" in _command(pid))
    return Reading(renderers / _MB, sum(private.values()) / _MB)


@contextmanager
def watched(browser: int) -> Iterator[Watched]:
    """Reads again and again until the end of the block."""
    seen, done = Watched(), threading.Event()

    def watch() -> None:
        while not done.wait(EVERY):
            seen.note(of(browser))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
        seen.note(of(browser))


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text("ascii", "replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(folder.name), int(stat.rpartition(")")[2].split()[1])


def _is_below(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != ancestor:
        pid = parents[pid]
    return pid == ancestor


def _private(pid: int) -> int:
    """Bytes; 0 for a process that has just ended."""
    try:
        lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text("ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:")))


def _command(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
