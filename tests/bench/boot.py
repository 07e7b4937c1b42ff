"""How soon Python runs in the page, against stock PyScript with the same Pyodide, both pre-compressed and self-hosted.

Time from navigation until Python has run its imports, cold (a fresh profile) and warm (the third visit; ours comes from
the service worker then, whose cache has been filled after the first), medians of five turns. Stock PyScript is measured twice: running one empty line, and with the app as files that it has to import, which is
what it would take to do the same without the snapshot. Before each visit of either the machine rests for a moment: a browser that
is still starting, or taking down the page of the visit before, is not part of a start.
"""

from __future__ import annotations

import html
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.ratios import Ratio
from harness.browser.client_server import serve
from harness.browser.page_driver import ARGUMENTS, CHROMIUM
from playwright.sync_api import BrowserType, Page, sync_playwright

from scripts.clientbuild.compress import compressed
from scripts.clientbuild.toolchain import npm_modules

ROOT = Path(__file__).resolve().parents[2]
TURNS = int(os.environ.get("PICSAFE_BENCH_TURNS", "5"))
VISITS: Final = 3
REST: Final = 1.0
"""Seconds before each visit."""
COLD_BUDGET: Final = 0.3
WARM_BUDGET: Final = 0.15

_OURS = """document.addEventListener("DOMContentLoaded", () => dispatchEvent(new Event("pointermove")));  // somebody is there
globalThis.measured = new Promise((resolve) =>
  document.addEventListener("picsafe:ready", () => resolve(performance.now())));"""
_SETTLED = "async () => void (await navigator.serviceWorker.ready)"
"""Ours only: the service worker is there, and with it the files of the release."""
_STOCK = (
    "globalThis.measured = new Promise((resolve) => { globalThis.pythonRuns = () => resolve(performance.now()); });"
)
_EMPTY_LINE = "import js\njs.pythonRuns()"
_SAME_IMPORTS = "import picsafe_client.bootstrap, js\njs.pythonRuns()"


def run() -> list[Ratio]:
    """Measure; milliseconds."""
    subprocess.run([sys.executable, "build.py"], cwd=ROOT, check=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _stock_site(folder)
        ours = stack.enter_context(serve(ROOT / "build" / "client"))
        stock = stack.enter_context(serve(folder, policy=None))
        playwright = stack.enter_context(sync_playwright())
        kinds: dict[str, Callable[[], list[float]]] = {
            "ours": lambda: _visits(playwright.chromium, ours.url, _OURS, _SETTLED),
            "stock": lambda: _visits(playwright.chromium, stock.url + "empty.html", _STOCK),
            "same": lambda: _visits(playwright.chromium, stock.url + "same.html", _STOCK),
        }
        times: dict[str, list[list[float]]] = {name: [] for name in kinds}
        for _ in range(TURNS):
            for name, measure in kinds.items():
                times[name].append(measure())
    cold = {name: statistics.median(visits[0] for visits in turns) for name, turns in times.items()}
    warm = {name: statistics.median(visits[-1] for visits in turns) for name, turns in times.items()}
    return [
        _ratio("Python ready, cold, against stock PyScript", cold["ours"], cold["stock"], COLD_BUDGET),
        _ratio("Python ready, warm, against stock PyScript", warm["ours"], warm["stock"], WARM_BUDGET),
        _ratio("Python ready, cold, against stock with the same app", cold["ours"], cold["same"], None),
        _ratio("Python ready, warm, against stock with the same app", warm["ours"], warm["same"], None),
    ]


def _ratio(name: str, measured: float, reference: float, budget: float | None) -> Ratio:
    return Ratio(name, measured, reference, measured / reference, budget, "ms", is_ceiling=True)


def _visits(chromium: BrowserType, url: str, watch: str, settled: str | None = None) -> list[float]:
    """Milliseconds until Python ran, for each of the visits of one fresh profile; `settled` waits for what goes on after."""
    with tempfile.TemporaryDirectory() as profile:
        context = chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            context.add_init_script(watch)
            return [_visit(context.new_page(), url, settled) for _ in range(VISITS)]
        finally:
            context.close()


def _visit(page: Page, url: str, settled: str | None) -> float:
    time.sleep(REST)
    page.goto(url)
    milliseconds = float(page.evaluate("() => measured"))
    if settled is not None:
        page.evaluate(settled)
    page.goto("about:blank")
    page.close()
    return milliseconds


def _stock_site(folder: Path) -> None:
    """Stock PyScript and Pyodide as they come from npm, with pre-compressed siblings, and the two pages."""
    modules = npm_modules(ROOT / "client", ROOT / "build" / "downloads")
    files: dict[str, bytes] = {}
    for name, source in (("pyscript", modules / "@pyscript/core/dist"), ("pyodide", modules / "pyodide")):
        for path in source.iterdir():
            if path.suffix in {".js", ".mjs", ".css", ".wasm", ".zip", ".json"}:
                files[f"assets/{name}/{path.name}"] = path.read_bytes()
    [app] = (ROOT / "build" / "client" / "assets").glob("site-packages.*.zip")
    files["assets/app.zip"] = app.read_bytes()
    stock: dict[str, object] = {"interpreter": "/assets/pyodide/pyodide.mjs"}
    files["empty.html"] = _page(stock, _EMPTY_LINE)
    files["same.html"] = _page(stock | {"files": {"/assets/app.zip": "./*"}}, _SAME_IMPORTS)
    files |= compressed(files, ROOT / "build" / "cache" / "compressed")
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _page(config: dict[str, object], source: str) -> bytes:
    return (
        "<!doctype html><meta charset=utf-8><title>stock</title>"
        '<link rel="stylesheet" href="/assets/pyscript/core.css">'
        '<script type="module" src="/assets/pyscript/core.js"></script>'
        f'<script type="py" config="{html.escape(json.dumps(config))}">{source}</script>'
    ).encode()
