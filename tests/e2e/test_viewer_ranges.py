"""Large reports open from a few ranges, downloads go on where they broke, and videos play."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.conftest import Enter
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import noisy_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from harness.shared_files import samples
from playwright.sync_api import Locator, expect

from picsafe_protocol.crypto.package_digest import up

PHOTOS = [noisy_photo(2000, 1500, seed) for seed in range(6)]
VIDEO = bytes(range(256)) * 40_000


def files() -> list[MadeFile]:
    photos = [MadeFile("image/jpeg", photo, small_picture(photo), width=2000, height=1500) for photo in PHOTOS]
    return [*photos, MadeFile("video/mp4", VIDEO, duration=4.0)]


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    return clinic.send(sender, [reader], files())


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit, clinic: Clinic) -> Iterator[Visit]:
    window.to_inbox()
    clinic.network.seen.clear()
    yield window
    window.nothing_was_refused()


def spans(clinic: Clinic) -> list[tuple[int, int]]:
    """The ranges that were asked of the package, in order."""
    asked = [each for _, path, each in clinic.network.asked("/v1/packages/") if not path.endswith("/pieces")]
    wanted = [each.removeprefix("bytes=").split("-") for each in asked]
    return [(int(start), int(stop) + 1) for start, stop in wanted]


def test_the_first_photo_needs_a_small_part_of_a_large_report(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    visit.open_report(report.header.report_id)
    fetched = sum(stop - start for start, stop in spans(clinic)[:3])
    assert len(report.package) > 4 * fetched
    assert fetched < 3 * len(PHOTOS[0]) + 1_200_000


def test_the_video_is_not_fetched_until_it_is_asked_for(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    visit.open_report(report.header.report_id)
    for number in range(2, 7):
        visit.press("ArrowRight")
        visit.is_at(number, 7)
        visit.sees_medium()
    start = report.package.rindex(b"PK\x01\x02") - len(VIDEO)
    # The last photo and the beginning of the film share a piece, which is fetched as a whole.
    assert not [
        span for span in spans(clinic) if span[1] > up(start, len(report.package)) and span[1] < len(report.package)
    ]


@pytest.mark.parametrize("after", [0, 100_000, 700_000])
def test_a_download_that_breaks_goes_on_where_it_stopped(
    visit: Visit, clinic: Clinic, report: MadeReport, after: int
) -> None:
    visit.open_report(report.header.report_id)
    visit.page.wait_for_load_state("networkidle")
    clinic.network.seen.clear()
    clinic.network.breaks = [after]
    visit.press("End")
    visit.press("Home", "ArrowRight", "ArrowRight", "ArrowRight")
    visit.is_at(4, 7)
    visit.sees_medium()
    _, content = visit.saved("This JPEG photo")
    assert content == PHOTOS[3]


def test_a_break_while_opening_is_not_noticed(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    clinic.network.breaks = [200_000, 50_000]
    visit.open_report(report.header.report_id)
    expect(visit.title).to_have_text("Edda Lindqvist")
    starts = [start for start, _ in spans(clinic)]
    assert len(starts) == len(set(starts))  # nothing was asked for twice


def test_saving_everything_survives_a_break(visit: Visit, clinic: Clinic, report: MadeReport) -> None:
    visit.open_report(report.header.report_id)
    clinic.network.breaks = [3_000_000]
    _, content = visit.saved("The encrypted file")
    assert content == report.package


def test_a_slow_download_says_how_far_it_is_and_can_be_stopped(
    visit: Visit, clinic: Clinic, report: MadeReport
) -> None:
    visit.open_report(report.header.report_id)
    visit.page.wait_for_load_state("networkidle")
    clinic.network.slow = 0.3
    visit.press("End")
    words = visit.page.locator(".pane-wait .wait-words")
    expect(words).to_contain_text("Fetching the MP4 video")
    expect(words).to_contain_text("of 10.2 MB")
    words.get_by_role("button", name="Cancel").click()
    message = visit.page.locator(".pane-message")
    expect(message).to_contain_text("Stopped")
    clinic.network.slow = 0
    message.get_by_role("button", name="Fetch it").click()
    expect(message).to_contain_text("This browser cannot show this MP4 video.")  # it is none


def test_memory_is_given_back_as_one_goes_along(visit: Visit, report: MadeReport) -> None:
    visit.open_report(report.header.report_id)
    for number in range(2, 7):
        visit.press("ArrowRight")
        visit.is_at(number, 7)
        visit.sees_medium()
    assert visit.live_urls() <= len(PHOTOS) + 3  # every thumbnail, one photo and its neighbours


# Real recordings


LATE = not_in(WEBKIT, "GStreamer sometimes does not learn how long an Ogg recording is before it is played")
SOUND = not_in(FIREFOX, "it plays sound without pictures only on a machine that has somewhere to put it out")


def sample(name: str, media_type: str) -> MadeFile:
    return MadeFile(media_type, Path(samples() / name).read_bytes(), duration=5.0)


def opened_player(visit: Visit, made: MadeReport, element: str) -> Locator:
    visit.open_report(made.header.report_id)
    return visit.page.locator(f".pane-player {element}")


@pytest.mark.parametrize(
    ("name", "media_type", "element"),
    [
        ("phone-h264.mp4", "video/mp4", "video"),
        ("phone-h264-faststart.mp4", "video/mp4", "video"),
        ("browser-vp9.webm", "video/webm", "video"),
        pytest.param("voice.m4a", "audio/mp4", "audio", marks=SOUND),
        pytest.param("voice.ogg", "audio/ogg", "audio", marks=[SOUND, LATE]),
    ],
)
def test_recordings_can_be_sought_in(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person, name: str, media_type: str, element: str
) -> None:
    player = opened_player(visit, clinic.send(sender, [reader], [sample(name, media_type)]), element)
    duration = player.evaluate(
        """(node) => new Promise((resolve, reject) => {
             const done = () => resolve(node.duration);
             node.addEventListener("error", () => reject(node.error.message));
             if (node.readyState > 0) done(); else node.addEventListener("loadedmetadata", done);
           })"""
    )
    assert duration > 1
    sought = player.evaluate(
        """(node) => new Promise((resolve) => {
             node.addEventListener("seeked", () => resolve(node.currentTime), { once: true });
             node.currentTime = node.duration / 2;
           })"""
    )
    assert sought == pytest.approx(duration / 2, abs=0.2)


@pytest.mark.parametrize(
    ("name", "media_type", "element"),
    [
        ("phone-h264.mp4", "video/mp4", "video"),
        pytest.param("voice.m4a", "audio/mp4", "audio", marks=SOUND),
    ],
)
def test_the_space_bar_plays_and_pauses(
    visit: Visit, clinic: Clinic, sender: Person, reader: Person, name: str, media_type: str, element: str
) -> None:
    player = opened_player(visit, clinic.send(sender, [reader], [sample(name, media_type)]), element)
    visit.title.click()  # not the film: some browsers play it then
    visit.press("Space")
    player.evaluate(
        "(node) => new Promise((resolve) => { if (!node.paused) resolve(); else node.addEventListener('play', resolve); })"
    )
    visit.press("Space")
    assert player.evaluate("(node) => node.paused")
