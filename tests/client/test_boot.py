"""How Python starts in a real browser under the real policy, and what happens when it cannot."""

from __future__ import annotations

import json
import re

import pytest
from harness.browser.client_server import POLICY, Site
from harness.browser.page_driver import ClientPage, opened
from playwright.async_api import Browser

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]


def asset(site: Site, pattern: str) -> str:
    """The URL of the one asset whose name matches."""
    manifest = json.loads((site.folder / "manifest.json").read_text("utf-8"))
    [found] = [name for name in manifest if re.search(pattern, name)]
    return f"/{found}"


async def test_python_starts_on_the_snapshot_and_breaks_no_rule_of_the_policy(client_page: ClientPage) -> None:
    assert await client_page.page.evaluate("() => picsafe.boot.snapshot")
    assert await client_page.violations() == []
    assert client_page.errors == []
    assert await client_page.page.evaluate("() => document.documentElement.dataset.python") != "failed"


async def test_the_policy_is_the_strict_one() -> None:
    assert "unsafe-eval" not in POLICY.replace("'wasm-unsafe-eval'", "")
    assert "unsafe-inline" not in POLICY
    assert "require-trusted-types-for 'script'" in POLICY
    assert "http:" not in POLICY
    assert "https:" not in POLICY


async def test_evaluating_text_is_refused_where_python_runs(client_page: ClientPage) -> None:
    source = """
import js
from pyodide.ffi import JsException
refused = []
for sink in (lambda: js.eval("1"), lambda: js.Function.new("return 1"), lambda: setattr(js.document.body, "innerHTML", "<b>")):
    try:
        sink()
    except JsException as error:
        refused.append(error.name)
refused
"""
    assert await client_page.python(source) == ["EvalError", "EvalError", "TypeError"]


async def test_everything_comes_from_the_bundle(site: Site, client_page: ClientPage) -> None:
    listed = {f"/{name}" for name in json.loads((site.folder / "manifest.json").read_text("utf-8"))}
    asked = {path for path in site.requests if path.startswith("/assets/")}
    assert asked <= listed
    assert not [path for path in site.requests if path.startswith("/assets/") and "site-packages" in path]


async def test_preloads_are_used_and_nothing_is_fetched_twice(site: Site, client_page: ClientPage) -> None:
    assert [message for message in client_page.console if "preload" in message] == []
    asked = [path for path in site.requests if path.startswith("/assets/")]
    assert sorted(asked) == sorted(set(asked))


async def test_two_loads_share_no_randomness(chromium: Browser, site: Site) -> None:
    source = """
import os, random, secrets, uuid, tempfile
[random.random(), random.Random().random(), secrets.token_hex(), os.urandom(16).hex(), str(uuid.uuid4())]
"""
    values = []
    for _ in range(2):
        async with opened(chromium, site.url) as page:
            await page.boot()
            values.append(await page.python(source))
    for first, second in zip(*values, strict=True):
        assert first != second


async def test_clock_and_time_zone_are_those_of_the_page(chromium: Browser, site: Site) -> None:
    source = """
import time
from datetime import datetime, timedelta, timezone
winter = datetime(2026, 7, 1, 12, tzinfo=timezone.utc).astimezone()
[winter.hour, str(winter.utcoffset()), time.time(), time.localtime(winter.timestamp()).tm_hour]
"""
    async with opened(chromium, site.url, timezone_id="Australia/Brisbane") as page:
        await page.boot()
        hour, offset, now, local_hour = await page.python(source)
        browser_now = await page.page.evaluate("() => Date.now() / 1000")
    assert (hour, offset, local_hour) == (22, "10:00:00", 22)
    assert abs(now - browser_now) < 60


async def test_modules_outside_the_snapshot_can_still_be_imported(client_page: ClientPage) -> None:
    assert await client_page.python("import sys\n'colorsys' in sys.modules") is False
    assert await client_page.python("import colorsys\ncolorsys.rgb_to_hsv(0, 0, 1)[2]") == 1


@pytest.mark.parametrize(
    "damage",
    [
        "missing",
        "cut short",
        *(pytest.param(each, marks=pytest.mark.long) for each in ("empty", "not a snapshot", "of another Pyodide")),
        pytest.param("too long", marks=pytest.mark.long),
    ],
)
async def test_without_its_snapshot_the_client_starts_the_slow_way(chromium: Browser, site: Site, damage: str) -> None:
    url = asset(site, r"snapshot\.\w+\.bin$")
    good = (site.folder / url.lstrip("/")).read_bytes()
    bad = {
        "empty": b"",
        "not a snapshot": b"<!doctype html>" * 100,
        "of another Pyodide": good[:16] + bytes(32) + good[48:],
        "too long": good + bytes(1),
        "cut short": good[: len(good) // 2],
    }
    site.extra[url] = 404 if damage == "missing" else ("application/octet-stream", bad[damage])
    async with opened(chromium, site.url) as page:
        outcome = await page.boot()
        assert (outcome["state"], outcome["snapshot"]) == ("ready", False)
        assert await page.violations() == []
        assert await page.python("import picsafe_protocol.crypto.chunked as c\nc.ciphertext_length(0)") == 72


@pytest.mark.parametrize(
    "missing",
    [
        r"/pyodide-loader\.",
        r"/kernel\.",
        r"/facts\.",
        r"/sha256\.",
        r"pyodide\.mjs$",
        r"pyodide\.asm\.mjs$",
        r"pyodide\.asm\.wasm$",
        r"core\.js$",
        r"core-\w+\.js$",
    ],
)
async def test_a_start_that_cannot_succeed_says_so(chromium: Browser, site: Site, missing: str) -> None:
    site.extra[asset(site, missing)] = 404
    async with opened(chromium, site.url) as page:
        outcome = await page.boot()
        assert outcome["state"] == "failed"
        assert outcome["reason"]
        assert await page.page.evaluate("() => picsafe.boot.state") == "failed"


async def test_the_shell_sees_that_the_boot_script_itself_is_missing(chromium: Browser, site: Site) -> None:
    site.extra[asset(site, r"/boot\.")] = 404
    async with opened(chromium, site.url) as page:
        await page.page.goto(site.url)
        await page.page.locator("html[data-python=failed]").wait_for(state="attached")


async def test_pyscripts_own_library_is_there(client_page: ClientPage) -> None:
    source = """
import pyscript
from pyscript import document, when, window
from pyscript.ffi import to_js
import pyscript.web
[pyscript.__spec__.origin, document.title == window.document.title, pyscript.RUNNING_IN_WORKER]
"""
    assert await client_page.python(source) == ["snapshot", True, False]


async def test_an_exception_in_the_app_itself_reaches_the_page(chromium: Browser, site: Site) -> None:
    async with opened(chromium, site.url) as page:
        # Without its texts the shell gives up, and Python finds no shell to talk to.
        await page.page.route("**/sign-in.*.js", lambda route: route.abort())
        outcome = await page.boot()
        state = await page.page.evaluate("() => picsafe.boot")
    assert outcome["state"] == "ready"  # the imports ran
    assert state["state"] == "failed"
