"""How fast the browser decrypts a report's bytes, against one call of `crypto.subtle.decrypt` over as many.

The path measured is the real one: Python's `chunked.Reader` streams 256 MB that lie in JavaScript, 8 MiB at a time, over
js/kernel.js. Both run in the same page, in turns; the first turn warms up and does not count.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.ratios import Ratio
from client.page_driver import ARGUMENTS, CHROMIUM, opened
from client.serving import serve
from playwright.async_api import async_playwright

ROOT = Path(__file__).resolve().parents[2]
SIZE: Final = 256 * 1024 * 1024
TURNS = int(os.environ.get("PICSAFE_BENCH_TURNS", "5"))
BUDGET: Final = 0.8

_PYTHON = """
import js
from picsafe_client.webcrypto import WebCryptoCipher
from picsafe_protocol import chunked

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
whole = await subtle.encrypt(algorithm, whole_key, plaintext)
del plaintext

async def by_chunks():
    reader = await chunked.Reader.open(Source(), key, b"", cipher)
    begin = js.performance.now()
    total = 0
    async for piece in reader.stream():
        total += cipher.length(piece)
    assert total == size
    return js.performance.now() - begin

async def in_one():
    begin = js.performance.now()
    opened = await subtle.decrypt(algorithm, whole_key, whole)
    assert opened.byteLength == size
    return js.performance.now() - begin

times = []
for _ in range(turns + 1):
    times.append([await by_chunks(), await in_one()])
times[1:]
"""


def run() -> list[Ratio]:
    """Measure; MB/s."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    times = asyncio.run(_times())
    chunks, whole = (SIZE / 1e3 / statistics.median(column) for column in zip(*times, strict=True))
    return [
        Ratio(
            "decrypting 256 MB in Chromium, against one WebCrypto call", chunks, whole, chunks / whole, BUDGET, "MB/s"
        )
    ]


async def _times() -> list[list[float]]:
    """Milliseconds by chunks and in one, a pair for each turn."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with serve(ROOT / "build" / "client") as site:
            async with opened(browser, site.url) as page:
                await page.boot()
                times: list[list[float]] = await page.python(_PYTHON, size=SIZE, turns=TURNS)
        await browser.close()
    return times
