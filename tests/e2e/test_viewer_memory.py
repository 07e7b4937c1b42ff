"""Media bytes never enter Python's memory: it does not grow while a film plays, and not while a large report is saved as a zip."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator

import pytest
from e2e.conftest import Enter
from e2e.test_viewer_playback import CONTROLLED, KNOWN, PLAYS, SEEKS
from harness.browser.downloads import download
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.films import repeated_mp4
from harness.photos import noisy_photo
from harness.report_factory import MadeFile, MadeReport
from harness.shared_files import samples
from playwright.sync_api import expect

SERVICE_WORKERS = "allow"

COPIES = 48
"""Of a megabyte each: far more than Python's memory has free, which grows by at least a fifth when it does."""
SAVED = 60_000
"""Milliseconds that saving may take on a busy machine."""
HEAP = """async () => {
  const link = document.querySelector('link[rel=modulepreload][href*="/pyodide-loader."]');
  const python = await (await import(link.href)).start();
  return python._module.HEAPU8.buffer.byteLength;
}"""


@pytest.fixture(scope="module")
def film() -> bytes:
    return repeated_mp4((samples() / "phone-h264-faststart.mp4").read_bytes(), COPIES)


@pytest.fixture(scope="module")
def report(clinic: Clinic, reader: Person, film: bytes) -> MadeReport:
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    photo = MadeFile("image/jpeg", noisy_photo(1600, 1200, 1), width=1600, height=1200)
    video = MadeFile("video/mp4", film, duration=8.0 * COPIES, width=1280, height=720)
    return clinic.send(sender, [reader], [photo, video])


@pytest.fixture
def visit(enter: Enter, reader: Person, report: MadeReport) -> Iterator[Visit]:
    """The report is open, its first photo is shown."""
    visit = enter(reader)
    assert visit.page.evaluate(CONTROLLED)
    visit.open_report(report.header.report_id)
    yield visit
    visit.nothing_was_refused()
    visit.page.context.close()


def heap(visit: Visit) -> int:
    """Bytes of Python's memory; it never shrinks."""
    found: int = visit.page.evaluate(HEAP)
    return found


def test_a_film_plays_without_its_bytes_in_pythons_memory(visit: Visit) -> None:
    before = heap(visit)
    visit.press("ArrowRight")
    film = visit.page.locator(".pane-player video")
    film.evaluate(KNOWN)
    for share in (0.2, 0.4, 0.6, 0.8):
        film.evaluate(SEEKS, share)
    film.evaluate(PLAYS, 8.0 * COPIES * 0.8 + 2)
    assert heap(visit) == before


def test_a_large_zip_is_saved_whole_without_its_bytes_in_pythons_memory(visit: Visit, report: MadeReport) -> None:
    before = heap(visit)
    visit.press("s")
    with download(visit.page, timeout=SAVED) as saved_file:
        visit.page.locator(".choice", has_text="All 2 files").click()
    with zipfile.ZipFile(io.BytesIO(saved_file.content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith(".json")]
        saved = [hashlib.sha256(archive.read(name)).hexdigest() for name in names]
    assert saved == [medium.sha256 for medium in report.report.media]
    assert heap(visit) == before


def test_a_medium_that_did_enter_it_would_be_found(visit: Visit, film: bytes) -> None:
    before = heap(visit)
    visit.python(f"kept = bytes({len(film)})")
    expect(visit.photo).to_be_visible()
    assert heap(visit) > before
