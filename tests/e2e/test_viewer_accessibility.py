"""axe finds nothing on the report screen and its dialogues, every target is large enough, and keys alone suffice."""

from __future__ import annotations

import pytest
from e2e import test_accessibility as shell
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import expect

PHOTO = drawn_photo(1200, 900, "olive")
FILES = [
    MadeFile("image/jpeg", PHOTO, small_picture(PHOTO), caption="Overview", width=1200, height=900),
    MadeFile("image/heic", b"\0\0\0\x18ftypheic" + bytes(200)),
    MadeFile("audio/mp4", bytes(500), duration=12.0),
]

axe = shell.axe


@pytest.fixture(scope="module")
def report(clinic: Clinic, reader: Person) -> MadeReport:
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    return clinic.send(sender, [reader], FILES, signature=drawn_photo(300, 100, "white", "PNG"))


@pytest.fixture(scope="module", params=shell.IN_LOOKS)
def window(enter: Enter, reader: Person, report: MadeReport, axe: str, request: pytest.FixtureRequest) -> Visit:
    window = enter(reader, bypass_csp=True, **shell.LOOKS[request.param])
    window.page.context.add_init_script(axe)
    window.page.reload()
    expect(window.row(report.header.report_id)).to_be_visible(timeout=30_000)
    return window


@pytest.fixture
def visit(window: Visit, report: MadeReport) -> Visit:
    window.to_inbox()
    window.open_report(report.header.report_id)
    return window


def accessible(visit: Visit) -> None:
    assert shell.violations(visit.page) == []
    assert shell.overflow(visit.page) <= 0
    assert shell.small_targets(visit.page) == []


def test_the_report_with_its_facts(visit: Visit) -> None:
    if not visit.facts.is_visible():
        visit.press("i")
    expect(visit.page.locator(".thumb-picture")).to_have_count(1)
    accessible(visit)


def test_the_report_without_its_facts(visit: Visit) -> None:
    if visit.facts.is_visible():
        visit.press("i")
    accessible(visit)


def test_two_side_by_side(visit: Visit) -> None:
    visit.press("c")
    expect(visit.page.locator(".pane")).to_have_count(2)
    accessible(visit)


def test_a_photo_that_cannot_be_shown(visit: Visit) -> None:
    visit.press("ArrowRight")
    expect(visit.page.locator(".pane-message")).to_be_visible()
    accessible(visit)


@pytest.mark.parametrize("key", ["s", "p", "?", "b", "Control+c"])
def test_its_dialogues(visit: Visit, key: str) -> None:
    visit.press(key)
    expect(visit.page.locator("dialog")).to_be_visible()
    accessible(visit)
    visit.press("Escape")


def test_a_report_that_does_not_open(visit: Visit) -> None:
    visit.page.evaluate("() => { location.hash = '#/report/' + 'a'.repeat(26); }")
    expect(visit.trouble).to_be_visible()
    accessible(visit)


def test_no_file_chosen(visit: Visit) -> None:
    visit.page.evaluate("() => { location.hash = '#/file'; }")
    expect(visit.page.get_by_role("button", name="Choose a file")).to_be_visible()
    accessible(visit)


def test_everything_is_reached_by_the_tab_key(visit: Visit) -> None:
    reached: list[str] = []
    for _ in range(40):
        visit.press("Tab")
        reached.append(
            visit.page.evaluate("() => document.activeElement.ariaLabel || document.activeElement.textContent.trim()")
        )
    shown = [name for name in ("Back", "Rotate", "Save", "Details") if name not in reached]
    assert shown == []
    assert "Photo 1 of 3, Overview" in reached
