"""The page on this computer: it starts without a network, takes over new releases whole, and needs no service worker."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from e2e.conftest import Enter
from harness.browser.engines import CHROMIUM, WEBKIT
from harness.browser.session import READY, Visit
from harness.clinic import CLIENT, ROOT, Clinic, Person, running_clinic
from harness.photos import drawn_photo
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import Page, expect

from scripts.clientbuild.reproducible import copy_sources

SERVICE_WORKERS = "allow"

FILES = [MadeFile("image/jpeg", drawn_photo(400, 300, "olive"))]
SETTLED = """() => navigator.serviceWorker.controller !== null ||
  new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", taken)).then(() => true)"""
UPDATE = """async () => { await (await navigator.serviceWorker.getRegistration("/")).update(); }"""
INSTALLED = """async (before) => {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return !registration.installing && (await caches.keys()).some((name) => name !== before);
}"""
ACTIVE = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return !registration.waiting && registration.active.state === "activated";
}"""
GONE = "async (old) => !(await caches.has(old))"
SECONDS = 60
LOADS = 5
"""After so many loads the new release is there, on a machine however busy."""
RELEASE = "() => document.querySelector('meta[name=picsafe-release]').content"
ASSETS = """() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)
  .filter((path) => path.startsWith("/assets/"))"""


@pytest.fixture(scope="module")
def releases(built_client: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The client as it is, and built again after a change of its style and of its kernel."""
    folder = tmp_path_factory.mktemp("another")
    copy_sources(ROOT, folder, ROOT / "build" / "downloads")
    (folder / "build" / "cache").symlink_to(ROOT / "build" / "cache")
    changes = {
        "client/css/frame/frame.css": ":root { --release: another; }",
        "client/js/kernel.js": "/* another release */",
    }
    for path, change in changes.items():
        with (folder / path).open("a", encoding="utf-8") as source:
            source.write(f"{change}\n")
    subprocess.run([sys.executable, "build.py"], cwd=folder, check=True, capture_output=True)
    return CLIENT, folder / "build" / "client"


@pytest.fixture(scope="module")
def served(releases: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder from which the clinic serves the client; tests put another release there."""
    folder = tmp_path_factory.mktemp("served") / "client"
    shutil.copytree(releases[0], folder)
    return folder


@pytest.fixture(scope="module")
def clinic(served: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with running_clinic(tmp_path_factory.mktemp("clinic"), client_folder=served) as running:
        yield running


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    return clinic.send(sender, [reader], FILES)


@pytest.fixture(scope="module")
def visit(enter: Enter, reader: Person, report: MadeReport) -> Visit:
    """A window whose release is kept on this computer."""
    visit = enter(reader)
    assert visit.page.evaluate(SETTLED)
    return visit


def put(release: Path, served: Path) -> None:
    shutil.rmtree(served)
    shutil.copytree(release, served)


def starts(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-python=ready]")).to_be_visible(timeout=READY)


def starts_new(page: Page, url: str, old_release: str) -> None:
    """The next load is the new release, unless the server takes longer than the worker waits for it: then it is one after that."""
    for _ in range(LOADS):
        starts(page, url)
        if page.evaluate(RELEASE) != old_release:
            return
    raise AssertionError("the old release is shown again and again")


def becomes(page: Page, what: str, *arguments: object, between: Callable[[], object] = lambda: None) -> None:
    """Returns once `what` is true in the page; `between` is done before each look."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        between()
        if page.evaluate(what, *arguments):
            return
        page.wait_for_timeout(200)
    state = "async () => [await caches.keys(), (await navigator.locks.query()).held.map(({ name }) => name)]"
    raise AssertionError(f"not within {SECONDS} seconds: {what}; kept and used: {page.evaluate(state)}")


def taken_over(page: Page, old_cache: str, engine: str) -> None:
    """The worker of the new release is the one at work, or in WebKit will be with the next load."""
    page.evaluate(UPDATE)
    becomes(page, INSTALLED, old_cache)
    if engine == WEBKIT:
        return
    if engine == CHROMIUM:
        # The browser stops a worker that is idle, and goes over to the next one then. Chromium does not while a test looks
        # into it, and whatever a page asks for in between wakes the old one again.
        session = page.context.new_cdp_session(page)
        session.send("ServiceWorker.enable")
        becomes(page, ACTIVE, between=partial(session.send, "ServiceWorker.stopAllWorkers"))
    else:
        becomes(page, ACTIVE)


def names(release: Path) -> set[str]:
    return {f"/{name}" for name in json.loads((release / "manifest.json").read_text("utf-8"))}


def kept(page: Page) -> list[str]:
    found: list[str] = page.evaluate("() => caches.keys()")
    return found


def test_a_warm_start_asks_the_server_for_no_file_of_the_client(visit: Visit, clinic: Clinic) -> None:
    clinic.network.seen.clear()
    visit.page.reload()
    expect(visit.page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)
    assert clinic.network.asked("/assets/") == []
    large = (".wasm", ".bin", ".zip")
    assert [path for path in visit.page.evaluate(ASSETS) if path.endswith(large)] == [], "read without any request"


def test_without_a_server_the_page_starts_and_says_what_is_missing(
    visit: Visit, clinic: Clinic, report: MadeReport
) -> None:
    page = visit.page.context.new_page()

    def meanwhile() -> None:
        starts(page, clinic.url)
        expect(page.locator("#sign-in-problem")).to_contain_text("The server cannot be reached.")
        expect(page.locator("#sign-in-problem")).to_contain_text("signing in and opening reports need the server")
        visit.open_file("report.picsafe", report.package)
        expect(visit.trouble).to_contain_text("The key server of this file cannot be reached.", timeout=20_000)
        expect(visit.trouble).to_contain_text("Nothing was lost")
        expect(visit.page.locator("#offline")).to_be_visible()

    clinic.restart(meanwhile)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("html[data-state=signed-in]")).to_be_visible()
    page.close()
    visit.trouble.get_by_role("button", name="Try again").click()
    visit.sees_medium()


def test_a_server_in_trouble_does_not_keep_the_page_from_starting(visit: Visit, clinic: Clinic) -> None:
    page = visit.page.context.new_page()
    clinic.network.refusals["/"] = (503, {})
    starts(page, clinic.url)
    expect(page.locator("#sign-in-problem")).to_be_visible()
    page.close()


DAMAGED = """async (name) => {
  const [own] = await caches.keys(), cache = await caches.open(own);
  const request = (await cache.keys()).find(({ url }) => url.includes(name));
  const kept = await cache.match(request);
  await cache.put(request, new Response((await kept.arrayBuffer()).slice(0, 50_000), { headers: kept.headers }));
}"""
WHOLE = """async () => {
  while (!(await caches.match("/"))) await new Promise((later) => setTimeout(later, 50));
}"""


@pytest.mark.parametrize(("file", "starts_anyway"), [("asm.wasm", False), ("snapshot", True)])
def test_a_file_that_is_damaged_on_this_computer_is_fetched_again(visit: Visit, file: str, starts_anyway: bool) -> None:
    page = visit.page.context.new_page()
    starts(page, visit.clinic.url)
    page.evaluate(WHOLE)
    page.evaluate(DAMAGED, file)
    page.reload()
    expect(page.locator(f"html[data-python={'ready' if starts_anyway else 'failed'}]")).to_be_visible(timeout=READY)
    page.wait_for_timeout(500)
    page.reload()
    expect(page.locator("html[data-python=ready]")).to_be_visible(timeout=READY)
    assert page.evaluate("() => picsafe.boot.snapshot")
    page.evaluate(WHOLE)
    page.close()


def test_a_new_release_comes_whole_and_an_open_tab_keeps_its_own(
    visit: Visit,
    clinic: Clinic,
    report: MadeReport,
    releases: tuple[Path, Path],
    served: Path,
    browser_name: str,
) -> None:
    visit.to_inbox()
    visit.open_report(report.header.report_id)
    old_release, [old_cache] = visit.page.evaluate(RELEASE), kept(visit.page)
    assert old_cache.endswith(old_release)
    clinic.restart(lambda: put(releases[1], served))
    page = visit.page.context.new_page()
    starts_new(page, clinic.url, old_release)
    assert set(page.evaluate(ASSETS)) <= names(releases[1])
    taken_over(page, old_cache, browser_name)
    assert sorted(kept(page)) == sorted({old_cache, f"picsafe-{page.evaluate(RELEASE)}"})

    # The open tab goes on, also with a file of its release that nobody had asked for and the server no longer has.
    assert visit.page.evaluate(RELEASE) == old_release
    expect(visit.title).to_have_text("Edda Lindqvist")
    [style] = [name for name in names(releases[0]) - names(releases[1]) if "/page." in name]
    assert visit.page.evaluate("async (path) => (await fetch(path)).status", style) == 200
    visit.to_inbox()
    visit.open_report(report.header.report_id)

    # Once it is loaded again as well, nothing of the old release stays.
    visit.page.reload()
    expect(visit.page.locator("html[data-python=ready]")).to_be_visible(timeout=READY)
    assert visit.page.evaluate(RELEASE) == page.evaluate(RELEASE)
    assert set(visit.page.evaluate(ASSETS)) <= names(releases[1])
    page.reload()
    becomes(page, GONE, old_cache)
    page.close()


def test_a_release_that_is_not_what_its_manifest_says_is_not_kept(enter: Enter, sender: Person, served: Path) -> None:
    [style] = (served / "assets").glob("screens.*.css")
    style.write_bytes(style.read_bytes() + b"\n")
    for sibling in (served / "assets").glob("screens.*.css.*"):
        sibling.unlink()
    page = enter(sender).page
    assert page.evaluate(SETTLED)
    assert page.evaluate("async () => (await caches.match('/')) === undefined")
    assert page.evaluate("async (path) => (await caches.match(path)) === undefined", f"/assets/{style.name}")
    expect(page.locator("html[data-state=signed-in]")).to_be_visible()


FAILS = """addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (event.request.url.includes("/stream/")) event.respondWith(Promise.reject(new Error("out of order")));
});"""


@pytest.mark.parametrize("script", ["", "this is no script", FAILS], ids=["empty", "broken", "fails"])
def test_a_service_worker_that_does_not_work_keeps_nobody_from_working(
    enter: Enter, clinic: Clinic, sender: Person, reader: Person, served: Path, script: str
) -> None:
    (served / "worker.js").write_text(script)
    for sibling in served.glob("worker.js.*"):
        sibling.unlink()
    film = MadeFile("video/mp4", bytes(range(256)) * 5_000, duration=4.0)
    made = clinic.send(sender, [reader], [film])
    visit = enter(reader)
    visit.open_report(made.header.report_id)
    expect(visit.page.locator(".pane-message")).to_contain_text(
        "complete: every byte is what the sender encrypted", timeout=15_000
    )
    # Firefox tells the page what its worker threw.
    visit.errors[:] = [each for each in visit.errors if "out of order" not in each]
    visit.nothing_was_refused()
