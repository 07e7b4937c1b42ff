"""How long a HEIC photo of 12 megapixels takes, in tiles as iPhones write them: against libheif alone on one thread.

What is measured is the way of the page: js/heic.js, its workers, the JPEG that everything shows. References of the same run: the
same library in one worker that only decodes, as its own example does; and native libheif (pi-heif) on one thread. The first two take
turns; the first turn warms up and does not count. The longest task on the page's thread meanwhile is compared with the 50 ms from which
browsers call a task long (0 is none).
"""

from __future__ import annotations

import asyncio
import base64
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.ratios import Ratio
from harness.browser.client_server import Site, serve
from harness.browser.page_driver import ARGUMENTS, CHROMIUM, opened
from harness.heic_files import tiled
from harness.shared_files import samples
from PIL import Image, ImageOps
from playwright.async_api import Page, async_playwright

ROOT: Final = Path(__file__).resolve().parents[2]
TURNS: Final = int(os.environ.get("PICSAFE_BENCH_TURNS", "5"))
SIZE: Final = (4032, 3024)
BUDGET: Final = 1.5
LONG_TASK: Final = 50.0
"""Milliseconds from which on browsers call a task long."""

_ALONE: Final = """
importScripts("{glue}");
onmessage = async ({{ data }}) => {{
  globalThis.library ??= libheif({{ wasmBinary: await (await fetch("{wasm}")).arrayBuffer() }});
  const bytes = new Uint8Array(await data.arrayBuffer());
  const start = performance.now();
  const context = library.heif_context_alloc();
  library.heif_context_read_from_memory(context, bytes);
  const handle = library.heif_js_context_get_primary_image_handle(context);
  const image = library.heif_js_decode_image2(
    handle, library.heif_colorspace.heif_colorspace_RGB, library.heif_chroma.heif_chroma_interleaved_RGBA);
  const pixels = image.channels[0].data.slice();
  library.heif_image_release(image.image);
  library.heif_image_handle_release(handle);
  library.heif_context_free(context);
  postMessage([performance.now() - start, pixels.length]);
}};
"""
_PREPARE: Final = """async (photo) => {
  globalThis.photo = new Blob([Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0))]);
  globalThis.alone = new Worker("/alone.js");
  globalThis.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
}"""
_OURS: Final = """async () => {
  const heic = await picsafe.heic();
  tasks.length = 0;
  const start = performance.now();
  await heic.jpegOf(photo, 0.98, new AbortController().signal);
  const took = performance.now() - start;
  await new Promise((done) => setTimeout(done, 200));
  return [took, Math.max(0, ...tasks)];
}"""
_REFERENCE: Final = """() => new Promise((done) => {
  alone.onmessage = ({ data }) => done(data[0]);
  alone.postMessage(photo);
})"""
_NATIVE: Final = """
import sys, time
import pi_heif
from PIL import Image
pi_heif.options.DECODE_THREADS = 1
pi_heif.register_heif_opener(thumbnails=False)
for _ in range(2):
    start = time.perf_counter()
    Image.open(sys.argv[1]).load()
    took = time.perf_counter() - start
print(took * 1000)
"""


def run() -> list[Ratio]:
    """Measure; milliseconds."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    photo = ROOT / "build" / "bench-12mp.heic"
    photo.write_bytes(_photo())
    ours, tasks, alone, native = asyncio.run(_measured(photo))
    return [
        Ratio("HEIC of 12 MP as shown, against libheif alone, one thread", ours, alone, ours / alone, BUDGET, "ms", is_ceiling=True),
        Ratio("the same against native libheif, one thread", ours, native, ours / native, None, "ms", is_ceiling=True),
        Ratio("longest task of the page meanwhile, against a long one", tasks, LONG_TASK, tasks / LONG_TASK, 1.0, "ms", is_ceiling=True),
    ]  # fmt: skip


def _photo() -> bytes:
    camera = ImageOps.exif_transpose(Image.open(samples() / "camera-10mp-rotated-gps.jpg"))
    return tiled(camera.convert("RGB").rotate(90, expand=True).resize(SIZE), turn=3)


async def _measured(photo: Path) -> tuple[float, float, float, float]:
    with serve(ROOT / "build" / "client", policy=None) as site:
        site.extra["/alone.js"] = ("text/javascript", _reference_worker(site))
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            async with opened(chromium, site.url) as page:
                await page.boot()
                await page.page.evaluate(_PREPARE, base64.b64encode(photo.read_bytes()).decode())
                turns = [await _turn(page.page) for _ in range(TURNS + 1)][1:]
            await chromium.close()
    ours, tasks, alone = (statistics.median(column) for column in zip(*turns, strict=True))
    return ours, tasks, alone, statistics.median(_native(photo) for _ in range(TURNS))


async def _turn(page: Page) -> tuple[float, float, float]:
    ours, task = await page.evaluate(_OURS)
    return ours, task, await page.evaluate(_REFERENCE)


def _native(photo: Path) -> float:
    done = subprocess.run([sys.executable, "-c", _NATIVE, photo], capture_output=True, check=True, text=True)
    return float(done.stdout)


def _reference_worker(site: Site) -> bytes:
    names = sorted(path.name for path in (site.folder / "assets").glob("libheif.*"))
    [glue] = [name for name in names if name.endswith(".js")]
    [wasm] = [name for name in names if name.endswith(".wasm")]
    return _ALONE.format(glue=f"/assets/{glue}", wasm=f"/assets/{wasm}").encode()
