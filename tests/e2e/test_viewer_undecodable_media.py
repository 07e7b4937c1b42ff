"""What the viewer gives to the browser's decoders, and what it says where they cannot show a medium."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.conftest import Enter
from harness.browser.downloads import download
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile
from harness.shared_files import cases
from playwright.sync_api import expect

from picsafe_protocol.contracts.limits import THUMBNAIL_BYTES


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit) -> Iterator[Visit]:
    """The inbox; afterwards nothing may have broken the page's policy."""
    window.to_inbox()
    yield window
    window.nothing_was_refused()


@not_in(FIREFOX, "it refuses a film whose picture it cannot decode, and then the page says that it cannot show it")
@not_in(WEBKIT, "GStreamer decodes HEVC where libav is installed")
def test_a_film_whose_picture_cannot_be_decoded_says_so_and_plays_its_sound(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person
) -> None:
    film = (cases() / "media" / "iphone_hevc.mov").read_bytes()
    made = clinic.send(sender, [reader], [MadeFile("video/quicktime", film, duration=1.0, width=640, height=480)])
    visit.open_report(made.header.report_id)
    notice = visit.page.locator(".pane-player-pictureless .notice")
    expect(notice).to_contain_text("This browser cannot show the picture of this QuickTime video, only play its sound.")
    expect(notice).to_be_visible()
    played = visit.page.locator("video").evaluate("async (node) => { await node.play(); return !node.paused; }")
    assert played
    with download(visit.page) as saved:
        notice.get_by_role("button", name="Save this file").click()
    assert saved.content == film


# Pixels are bounded, not only bytes


def blank_png(width: int, height: int) -> bytes:
    """A PNG of one bit a pixel: 400 megapixels in 48 kB, of which a decoder makes 1.6 GB."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


DECODED = "() => [...document.images].map((each) => each.naturalWidth).filter((width) => width > 1000)"


def test_s9_a_thumbnail_of_400_megapixels_is_not_decoded(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person
) -> None:
    """48 kB took the tab from 355 MB to 2,374 MB each time the report was opened."""
    bomb, photo = blank_png(20_000, 20_000), drawn_photo(640, 480, "olive")
    assert len(bomb) < THUMBNAIL_BYTES
    files = [
        MadeFile("image/jpeg", photo, bomb, width=640, height=480),
        MadeFile("image/jpeg", photo, small_picture(photo), width=640, height=480),
    ]
    visit.open_report(clinic.send(sender, [reader], files).header.report_id)
    expect(visit.page.locator(".thumb-picture")).to_have_count(1)
    assert visit.page.evaluate(DECODED) == []
    expect(visit.page.locator(".pane-message")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (20_000, 20_000, "This picture has more pixels than PicSafe shows"),
        (640, 480, "This picture has more pixels than PicSafe shows"),
        (None, None, "This picture has more pixels than PicSafe shows"),
    ],
    ids=["described", "lied about", "not described"],
)
def test_s9_a_photo_of_400_megapixels_is_not_decoded_and_can_be_saved(
    visit: Visit,
    clinic: Clinic,
    sender: Person,
    reader: Person,
    width: int | None,
    height: int | None,
    words: str,
) -> None:
    bomb = blank_png(20_000, 20_000)
    files = [MadeFile("image/png", bomb, width=width, height=height)]
    visit.open_report(clinic.send(sender, [reader], files).header.report_id)
    message = visit.page.locator(".pane-message")
    expect(message).to_contain_text(words)
    assert visit.page.evaluate(DECODED) == []
    with download(visit.page) as saved:
        message.get_by_role("button", name="Save this file").click()
    assert saved.content == bomb


def test_s9_a_photo_of_another_size_than_the_report_says_is_not_shown(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person
) -> None:
    files = [MadeFile("image/jpeg", drawn_photo(1600, 1200, "olive"), width=640, height=480)]
    visit.open_report(clinic.send(sender, [reader], files).header.report_id)
    expect(visit.page.locator(".pane-message")).to_contain_text("This picture is not the one that the report describes")
    assert visit.page.evaluate(DECODED) == []


def test_s9_a_film_of_more_pixels_than_any_screen_is_not_played(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person, tmp_path: Path
) -> None:
    """The report may say what it likes: what the player finds counts, before anything is played."""
    film = tmp_path / "film.webm"
    size = ["-f", "lavfi", "-i", "color=olive:size=8320x4672:rate=1:duration=1"]
    subprocess.run(["ffmpeg", "-v", "error", *size, "-c:v", "libvpx", "-deadline", "realtime", film], check=True)
    too_large = "has more pixels than PicSafe shows"
    # Firefox refuses such a film before it says how large it is.
    found = re.compile(f"{too_large}|This browser cannot show this WebM video")
    for width, height, words in ((8320, 4672, too_large), (640, 360, found)):
        files = [MadeFile("video/webm", film.read_bytes(), width=width, height=height, duration=1.0)]
        visit.open_report(clinic.send(sender, [reader], files).header.report_id)
        expect(visit.page.locator(".pane-message")).to_contain_text(words)
        expect(visit.page.locator("video")).to_have_count(0)
        visit.to_inbox()
