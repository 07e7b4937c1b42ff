"""What the viewer gives to the browser's decoders, and what it says where they cannot show a medium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e.clinic import Clinic, Person
from e2e.conftest import Enter
from e2e.downloads import download
from e2e.engines import FIREFOX, WEBKIT, not_in
from e2e.visits import Visit
from made_reports import MadeFile
from playwright.sync_api import expect
from shared_files import cases


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
