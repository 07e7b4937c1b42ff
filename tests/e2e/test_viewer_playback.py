"""Large videos play while they are fetched and decrypted, for nobody but the page that shows them, and only while it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from e2e.conftest import Enter
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.session import READY, Visit
from harness.clinic import CLIENT, Clinic, Person
from harness.films import padded_webm, repeated_mp4
from harness.photos import noisy_photo
from harness.report_factory import MadeFile, MadeReport
from harness.shared_files import samples
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, expect

from picsafe_client.reports.range_reader import TAIL_BYTES
from picsafe_protocol.crypto.chunked import SEALED
from picsafe_protocol.crypto.package_digest import down

SERVICE_WORKERS = "allow"

COPIES = 24
"""Of eight seconds and a megabyte each."""
CONTROLLED = """() => navigator.serviceWorker.controller !== null ||
  new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", taken)).then(() => true)"""
PLAYS = """async (node, seconds) => {
  node.muted = true;
  await node.play();
  while (node.currentTime < seconds) await new Promise((resolve) => node.addEventListener("timeupdate", resolve, { once: true }));
  node.pause();
  return node.currentTime;
}"""
KNOWN = """(node) => node.readyState > 0 ||
  new Promise((known) => node.addEventListener("loadedmetadata", known)).then(() => true)"""
SEEKS = """async (node, share) => {
  const sought = new Promise((resolve) => node.addEventListener("seeked", resolve, { once: true }));
  node.currentTime = node.duration * share;
  await sought;
  return node.currentTime / node.duration;
}"""
ANSWER = """async ([address, headers, method]) => {
  const answer = await fetch(address, { method, headers });
  const content = answer.ok ? new Uint8Array(await answer.arrayBuffer()) : new Uint8Array();
  const found = Object.fromEntries(answer.headers);
  return { status: answer.status, headers: found, length: content.length, bytes: [...content.slice(0, 1000)] };
}"""
KEPT_SEALED = """async () => {
  const opened = indexedDB.open("picsafe-sealed");
  const database = await new Promise((done, failed) => { opened.onsuccess = () => done(opened.result); opened.onerror = failed; });
  const kept = [];
  for (const name of database.objectStoreNames) {
    const all = database.transaction(name).objectStore(name).getAllKeys();
    kept.push(...(await new Promise((done, failed) => { all.onsuccess = () => done(all.result); all.onerror = failed; })));
  }
  database.close();
  return kept;
}"""
"""The keys of everything in the store for drafts and the outbox."""

STORED = """async () => {
  const hex = (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const cached = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const bytes = await (await cache.match(request)).arrayBuffer();
      cached.push([name, new URL(request.url).pathname, hex(await crypto.subtle.digest("SHA-256", bytes))]);
    }
  }
  const databases = (await indexedDB.databases()).map(({ name }) => name);
  return { cached, databases, kept: [...Object.keys(localStorage), ...Object.keys(sessionStorage)] };
}"""


@pytest.fixture(scope="module")
def mp4() -> bytes:
    return repeated_mp4((samples() / "phone-h264-faststart.mp4").read_bytes(), COPIES)


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person, mp4: bytes) -> MadeReport:
    """A long film, a photo, and a smaller one in another format."""
    webm = padded_webm((samples() / "browser-vp9.webm").read_bytes(), 3_000_000)
    files = [
        MadeFile("video/mp4", mp4, duration=192.0, width=1280, height=720),
        MadeFile("image/jpeg", noisy_photo(400, 300, 1)),
        MadeFile("video/webm", webm, duration=5.0, width=640, height=360),
    ]
    return clinic.send(sender, [reader], files)


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    visit = enter(reader)
    assert visit.page.evaluate(CONTROLLED)
    return visit


@pytest.fixture
def visit(window: Visit, clinic: Clinic) -> Iterator[Visit]:
    window.to_inbox()
    clinic.network.seen.clear()
    yield window
    window.nothing_was_refused()


def shown(visit: Visit, report: MadeReport) -> Locator:
    """The film of a report that has just been opened, once the browser knows how long it is."""
    visit.open_report(report.header.report_id)
    return known(visit)


def known(visit: Visit) -> Locator:
    """The film on the stage, once the browser knows how long it is."""
    film = visit.page.locator(".pane-player video")
    film.evaluate(KNOWN)
    return film


def address(film: Locator) -> str:
    found: str = film.evaluate("(node) => new URL(node.src).pathname")
    assert found.startswith("/stream/")
    return found


def answer(page: Page, address: str, wanted: str | None = None, method: str = "GET") -> dict[str, Any]:
    """What a page gets when it asks an address for bytes."""
    found: dict[str, Any] = page.evaluate(ANSWER, [address, {"Range": wanted} if wanted else {}, method])
    return found


def spans(clinic: Clinic) -> list[tuple[int, int]]:
    """The ranges that were asked of packages, in order."""
    asked = [each for _, path, each in clinic.network.asked("/v1/packages/") if not path.endswith("/pieces")]
    wanted = [each.removeprefix("bytes=").split("-") for each in asked]
    return [(int(start), int(stop) + 1) for start, stop in wanted]


def changed(data: bytes, report: MadeReport, start: int, stop: int) -> bytes:
    """What a cloud makes of `data` that changes a byte of every chunk between two bytes of a package."""
    for at in range(start, stop, SEALED):
        data = data.replace(report.package[at : at + 24], report.package[at : at + 23] + b"\0")
    return data


def reloaded(page: Page) -> None:
    """Loads the page again, until Python runs."""
    page.reload()
    expect(page.locator("html[data-python=ready]")).to_be_visible(timeout=READY)


# Playing


def test_a_film_plays_while_most_of_it_has_not_come(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    with clinic.held_between(len(report.package) // 2, down(len(report.package) - TAIL_BYTES)):
        film = shown(visit, report)
        assert film.evaluate(PLAYS, 1.0) >= 1.0
    assert sum(stop - start for start, stop in spans(clinic)) < len(report.package) / 2


@not_in(FIREFOX, "its player reads a WebM without an index to the end before it says how long the film is")
def test_a_film_of_another_kind_does_too(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    with clinic.held_between(len(report.package) - 2_000_000, down(len(report.package) - TAIL_BYTES)):
        shown(visit, report)
        visit.press("End")
        visit.is_at(3, 3)
        assert known(visit).evaluate(PLAYS, 1.0) >= 1.0


def test_seeking_to_the_end_needs_only_what_is_there(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    film = shown(visit, report)
    known_by = len(spans(clinic))
    assert film.evaluate(SEEKS, 0.95) == pytest.approx(0.95, abs=0.01)
    end_of_film = len(report.package) - 3_200_000  # the other film and the photo follow
    sought = [span for span in spans(clinic)[known_by:] if span[0] > end_of_film * 0.2]
    assert sought
    assert min(start for start, _ in sought) > end_of_film * 0.85
    assert sum(stop - start for start, stop in spans(clinic)) < len(report.package) / 3


def test_a_film_in_a_file_from_disk_plays(visit: Visit, report: MadeReport, tmp_path: Path) -> None:
    file = tmp_path / "report.picsafe"
    file.write_bytes(report.package)
    visit.page.set_input_files("#file-picker", file)
    assert known(visit).evaluate(SEEKS, 0.5) == pytest.approx(0.5, abs=0.01)


def test_where_no_service_worker_may_be_the_film_is_fetched_whole(
    enter: Enter, reader: Person, report: MadeReport
) -> None:
    visit = enter(reader, service_workers="block")
    film = shown(visit, report)
    assert film.evaluate("(node) => node.src").startswith("blob:")
    assert film.evaluate(PLAYS, 0.5) >= 0.5


# What the address answers


def test_ranges_are_answered_as_players_want_them(visit: Visit, report: MadeReport, mp4: bytes) -> None:
    where, page, size = address(shown(visit, report)), visit.page, len(mp4)
    first = answer(page, where, "bytes=0-999")
    assert (first["status"], bytes(first["bytes"])) == (206, mp4[:1000])
    assert first["headers"]["content-range"] == f"bytes 0-999/{size}"
    assert first["headers"]["content-type"] == "video/mp4"
    assert first["headers"]["cache-control"] == "no-store"
    middle = answer(page, where, f"bytes=9000000-{9_000_000 + 2_500_000}")
    assert (middle["length"], bytes(middle["bytes"])) == (2_500_001, mp4[9_000_000:9_001_000])
    last = answer(page, where, f"bytes={size - 500}-")
    assert (bytes(last["bytes"]), last["headers"]["content-range"]) == (
        mp4[-500:],
        f"bytes {size - 500}-{size - 1}/{size}",
    )
    assert bytes(answer(page, where, "bytes=-7")["bytes"]) == mp4[-7:]
    beyond = answer(page, where, f"bytes={size}-")
    assert (beyond["status"], beyond["headers"]["content-range"]) == (416, f"bytes */{size}")
    head = answer(page, where, method="HEAD")
    assert (head["status"], head["length"], head["headers"]["content-length"]) == (200, 0, str(size))
    assert head["headers"]["accept-ranges"] == "bytes"
    for odd in ("bytes=5-2", "bytes=x-", "lines=1-2", "bytes=0-1,4-5"):
        assert answer(page, where, odd, "HEAD")["status"] == 200  # as RFC 9110 has it: no range at all
    assert answer(page, where, method="POST")["status"] == 405


def test_the_address_means_nothing_to_anybody_else(
    visit: Visit, enter: Enter, sender: Person, report: MadeReport
) -> None:
    where = address(shown(visit, report))
    neighbour, stranger = visit.page.context.new_page(), enter(sender).page
    neighbour.goto(visit.clinic.url)
    reloaded(neighbour)
    stranger.evaluate(CONTROLLED)
    for page in (neighbour, stranger):
        assert page.evaluate("() => navigator.serviceWorker.controller !== null")
        assert answer(page, where, "bytes=0-9")["status"] == 404
    with suppress(PlaywrightError):  # what Chromium makes of an empty 404; Firefox shows an empty page
        opened = neighbour.goto(visit.clinic.url + where)
        assert opened is None or opened.status == 404
    neighbour.close()
    assert answer(visit.page, where, "bytes=0-9")["status"] == 206
    assert answer(visit.page, where[:-1] + ("0" if where[-1] != "0" else "1"), "bytes=0-9")["status"] == 404


@pytest.mark.parametrize(
    "leave",
    [
        lambda visit: visit.press("ArrowRight"),
        lambda visit: visit.press("Escape"),
        lambda visit: visit.press("l"),
        lambda visit: visit.page.click("#sign-out-button"),
        lambda visit: reloaded(visit.page),
    ],
    ids=["the next medium", "closed", "locked", "signed out", "reloaded"],
)
def test_the_address_is_dead_once_the_film_is_no_longer_shown(
    visit: Visit, report: MadeReport, leave: Callable[[Visit], None]
) -> None:
    film = shown(visit, report)
    where = address(film)
    assert answer(visit.page, where, "bytes=0-9")["status"] == 206
    leave(visit)
    assert answer(visit.page, where, "bytes=0-9")["status"] == 404
    expect(visit.page.locator(f"video[src='{where}']")).to_have_count(0)


# What may go wrong


def test_a_changed_chunk_stops_the_film_with_words(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    middle = len(report.package) // 2
    clinic.network.changes["/v1/packages/"] = lambda data: changed(data, report, 1_500_000 // SEALED * SEALED, middle)
    visit.open_report(report.header.report_id)
    film = visit.page.locator(".pane-player video")
    expect(film.or_(visit.page.locator(".pane-message"))).to_be_visible()
    # A browser that reads far ahead comes upon the changed chunk before anybody plays: then there is no film any more.
    visit.page.evaluate(
        "() => { const film = document.querySelector('.pane-player video'); if (film) { film.muted = true; film.play(); } }"
    )
    message = visit.page.locator(".pane-message")
    expect(message).to_contain_text("What arrived is not what was sent")
    expect(message).to_contain_text("Playback has stopped. What was played so far is what the sender encrypted")
    expect(film).to_have_count(0)
    message.get_by_role("button", name="Try again").click()
    expect(message).to_contain_text("What arrived is not what was sent")
    visit.press("ArrowRight")
    visit.sees_medium()


def test_a_broken_connection_is_explained_and_playing_goes_on(
    visit: Visit, clinic: Clinic, report: MadeReport, browser_name: str
) -> None:
    film = shown(visit, report)
    places = 2 if browser_name == WEBKIT else 1  # that are read at the same time
    clinic.network.breaks = [70_000, 0, 0, 0] * places
    sought = visit.page.evaluate_handle(
        "() => { const node = document.querySelector('.pane-player video'); node.currentTime = 120; return node; }"
    )
    expect(visit.page.locator(".pane-wait")).to_contain_text("The connection was lost. Loading continues when")
    expect(visit.page.locator("#offline")).to_be_visible()
    sought.evaluate("(node) => !node.seeking || new Promise((done) => node.addEventListener('seeked', done))")
    expect(visit.page.locator(".pane-wait")).to_have_text("")
    expect(visit.page.locator("#offline")).to_be_hidden()
    assert film.evaluate(PLAYS, 121.0) >= 121.0


def test_a_film_that_is_none_is_fetched_whole_before_that_is_said(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person
) -> None:
    made = clinic.send(sender, [reader], [MadeFile("video/mp4", bytes(range(256)) * 8_000, duration=4.0)])
    visit.open_report(made.header.report_id)
    message = visit.page.locator(".pane-message")
    expect(message).to_contain_text("This browser cannot show this MP4 video.")
    expect(message).to_contain_text("complete: every byte is what the sender encrypted")


# What stays behind


def test_a_browser_that_does_not_let_it_play_is_no_error(visit: Visit, report: MadeReport) -> None:
    film = shown(visit, report)
    film.evaluate("""node => {
      window.refused = new Promise((told) => {
        node.play = () => {
          setTimeout(told, 500, true);
          return Promise.reject(new DOMException("Not without a click.", "NotAllowedError"));
        };
      });
    }""")
    visit.press("Space")
    assert visit.page.evaluate("() => refused")
    expect(film).to_have_js_property("paused", True)
    expect(visit.page.locator("#banner .notice, .pane-message")).to_have_count(0)


def test_nothing_decrypted_is_in_any_storage(visit: Visit, report: MadeReport) -> None:
    film = shown(visit, report)
    film.evaluate(PLAYS, 0.5)
    film.evaluate(SEEKS, 0.7)
    visit.saved("This MP4 video")
    manifest = json.loads((CLIENT / "manifest.json").read_text("utf-8"))
    names = {"/" if name == "index.html" else f"/{name}": digest for name, digest in manifest.items()}
    del names["/worker.js"]
    stored = visit.page.evaluate(STORED)
    assert {path: digest for _, path, digest in stored["cached"]} == names
    assert len({cache for cache, _, _ in stored["cached"]}) == 1
    ours = [name for name in stored["databases"] if not name.startswith("IDBMap/")]  # PyScript's, for its file system
    assert ours == ["picsafe-sealed"], "for what is sent and not yet delivered"
    assert visit.page.evaluate(KEPT_SEALED) == [], "somebody has only looked at a report"
    assert [key for key in stored["kept"] if not key.startswith("picsafe.")] == []
