"""How fast the browser decrypts a report's bytes: against one call of `crypto.subtle.decrypt` over as many, and against peers.

The path measured is the real one: Python's `chunked.Reader` streams 256 MB that lie in JavaScript, 8 MiB at a time, over
js/kernel.js. The peers (`peer_pages`) decrypt as many bytes, each with the settings that turned out the fastest for it here. All
take turns in one browser, the app and each peer in a page of its own; the first turn warms up and does not count.

Memory is measured for each in a fresh browser: the most that its renderers take while all of it is decrypted once, above what they
took with the ciphertext in place (`memory`).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from bench import memory, peer_pages
from bench.peer_pages import Peer
from bench.ratios import Ratio
from harness.browser.client_server import Site, serve
from harness.browser.page_driver import ARGUMENTS, CHROMIUM, ClientPage, opened
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parents[2]
SIZE: Final = 256 * 1024 * 1024
TURNS = int(os.environ.get("PICSAFE_BENCH_TURNS", "5"))
BUDGET: Final = 0.8
PEER_BUDGET: Final = 1.0
OURS: Final = "ours"
ONE_CALL: Final = "one call"

_PREPARE = """
import js, sys, types
from picsafe_client.crypto.webcrypto import WebCryptoCipher
from picsafe_protocol.crypto import chunked

cipher, subtle = WebCryptoCipher(), js.crypto.subtle
key = bytes(range(32))
plaintext = js.Uint8Array.new(size)

writer = chunked.Writer(key, b"", cipher)
parts = [cipher.from_bytes(writer.header)]
for start in range(0, size, chunked.STEP):
    parts.append(await writer.update(cipher.part(plaintext, start, min(start + chunked.STEP, size))))
parts.append(await writer.finish())

class Source:
    buffer = cipher.join(parts)
    size = cipher.length(buffer)
    async def read(self, start, stop):
        return cipher.part(self.buffer, start, stop)
parts.clear()

algorithm = js.JSON.parse('{"name": "AES-GCM"}')
algorithm.iv = js.Uint8Array.new(12)
whole_key = await js.picsafe.kernel.importKey(cipher.from_bytes(key))
whole = await subtle.encrypt(algorithm, whole_key, plaintext) if with_one_call else None
del plaintext

async def by_chunks():
    reader = await chunked.Reader.open(Source(), key, b"", cipher)
    begin = js.performance.now()
    total = 0
    async for piece in reader.stream(overwriting=True):
        total += cipher.length(piece)
    assert total == size
    return js.performance.now() - begin

async def in_one():
    begin = js.performance.now()
    opened = await subtle.decrypt(algorithm, whole_key, whole)
    assert opened.byteLength == size
    return js.performance.now() - begin

bench = sys.modules["bench"] = types.ModuleType("bench")
bench.by_chunks, bench.in_one = by_chunks, in_one
"""
_BY_CHUNKS = "import bench\nawait bench.by_chunks()"
_IN_ONE = "import bench\nawait bench.in_one()"

Decrypts = Callable[[], Awaitable[float]]


def run() -> list[Ratio]:
    """Measure; MB/s and MB."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    return asyncio.run(_measured())


async def _measured() -> list[Ratio]:
    with peer_pages.serving() as (peer_site, peers), serve(ROOT / "build" / "client") as site:
        times, ways = await _times(site, peer_site, peers)
        peaks = await _peaks(site, peer_site, ways)
    speeds = {name: SIZE / 1e3 / statistics.median(turns) for name, turns in times.items()}
    ours, most = speeds[OURS], peaks[OURS]
    ratios = [_speed("decrypting 256 MB, against one WebCrypto call", ours, speeds[ONE_CALL], BUDGET)]
    for peer, way in ways.items():
        ratios.append(_speed(f"… against {peer.name} ({way})", ours, speeds[peer.name], PEER_BUDGET))
    for name, peak in peaks.items():
        if name != OURS:
            ratios.append(Ratio(f"… its memory, against {name}", most, peak, most / peak, None, "MB", is_ceiling=True))
    return ratios


def _speed(name: str, ours: float, theirs: float, budget: float) -> Ratio:
    return Ratio(name, ours, theirs, ours / theirs, budget, "MB/s")


async def _times(site: Site, peer_site: Site, peers: list[Peer]) -> tuple[dict[str, list[float]], dict[Peer, str]]:
    """Milliseconds of every turn by name, and the way in which each peer was the fastest."""
    async with _browser() as browser, AsyncExitStack() as stack:
        app = await stack.enter_async_context(_app(browser, site, with_one_call=True))
        pages = [await stack.enter_async_context(peer_pages.opened(browser, peer_site, peer, SIZE)) for peer in peers]
        for page in pages:
            await page.prepare_fastest()
        takes: dict[str, Decrypts] = {OURS: lambda: app.python(_BY_CHUNKS), ONE_CALL: lambda: app.python(_IN_ONE)}
        takes |= {page.peer.name: page.decrypt for page in pages}
        turns = [{name: await decrypt() for name, decrypt in takes.items()} for _ in range(TURNS + 1)]
        ways = {page.peer: page.way for page in pages}
    return {name: [turn[name] for turn in turns[1:]] for name in takes}, ways


async def _peaks(site: Site, peer_site: Site, ways: dict[Peer, str]) -> dict[str, float]:
    """The most MB that each took above what it had before, by name."""
    peaks = {}
    async with _browser() as browser, _app(browser, site, with_one_call=False) as app:
        peaks[OURS] = await _peak(browser, app.page, lambda: app.python(_BY_CHUNKS))
    async with _browser() as browser, _app(browser, site, with_one_call=True) as app:
        peaks["one WebCrypto call"] = await _peak(browser, app.page, lambda: app.python(_IN_ONE))
    for peer, way in ways.items():
        async with _browser() as browser, peer_pages.opened(browser, peer_site, peer, SIZE) as page:
            await page.prepare(way)
            peaks[peer.name] = await _peak(browser, page.page, page.decrypt)
    return peaks


async def _peak(browser: Browser, page: Page, decrypt: Decrypts) -> float:
    process = await memory.process_of(browser)
    await page.evaluate(memory.TIDY)
    before = memory.of(process)
    with memory.watched(process) as watched:
        await decrypt()
    return watched.peak.above(before).renderers


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        arguments = [*ARGUMENTS, memory.COLLECTS]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def _app(browser: Browser, site: Site, *, with_one_call: bool) -> AsyncIterator[ClientPage]:
    """The app, with what it is to decrypt."""
    async with opened(browser, site.url) as app:
        await app.boot()
        await app.python(_PREPARE, size=SIZE, with_one_call=with_one_call)
        yield app
