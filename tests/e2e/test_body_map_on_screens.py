"""The body site on a simple figure: marked where the words leave no doubt, filled in by a click where a report is made."""

from __future__ import annotations

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo
from harness.report_factory import MadeFile
from playwright.sync_api import Page, expect

from picsafe_protocol.format.report import Laterality

MARKED = """() => [...document.querySelectorAll(".body-marked")].map((part) => {
  const box = part.getBoundingClientRect(), all = part.ownerSVGElement.getBoundingClientRect();
  const at = Math.floor(((box.x + box.width / 2 - all.x) / all.width) * 4);
  return `${part.dataset.region} ${["front right", "front left", "back left", "back right"][at]}`;
})"""
"""Each marked part, and where it is seen: of a front view our right is the patient's left."""


@pytest.fixture(scope="module")
def window(enter: Enter, clinic: Clinic) -> Visit:
    return enter(clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB"))


@pytest.mark.parametrize(
    ("site", "side", "marked"),
    [
        ("forearm", Laterality.LEFT, ["forearm front left", "forearm back left"]),
        ("Unterarm", Laterality.RIGHT, ["forearm front right", "forearm back right"]),
        ("both hands", None, ["hand back left", "hand back right", "hand front left", "hand front right"]),
        ("lower back", None, ["back back"]),
        ("the usual place", Laterality.LEFT, []),
        ("left forearm", Laterality.RIGHT, []),
        ("", None, []),
    ],
)
def test_the_facts_mark_what_is_certain(
    window: Visit, clinic: Clinic, sender: Person, site: str, side: Laterality | None, marked: list[str]
) -> None:
    photo = MadeFile("image/jpeg", drawn_photo(40, 30, "olive"))
    sent = clinic.send(sender, [window.person], [photo], body_site=site, laterality=side)
    window.to_inbox()
    window.open_report(sent.header.report_id)
    figure = window.facts.locator(".body-figure")
    if not marked:
        expect(figure).to_have_count(0)
        return
    expect(window.facts.get_by_role("img", name="Figure of the body, marked:")).to_be_visible()
    found = window.page.evaluate(MARKED)
    assert len(found) == len(marked)
    assert all(any(each.startswith(wanted) for each in found) for wanted in marked)
    window.nothing_was_refused()


def to_form(window: Visit) -> Page:
    window.to_inbox()
    window.page.evaluate("() => { location.hash = '#/send'; }")
    expect(window.page.locator("#send-body-site")).to_be_visible()
    return window.page


def test_a_click_fills_in_site_and_side(window: Visit) -> None:
    page = to_form(window)
    page.locator(".body-chooser [data-region=forearm][data-side=right]").first.click()
    expect(page.locator("#send-body-site")).to_have_value("Forearm")
    expect(page.locator("#send-side")).to_have_value("right")
    assert page.evaluate(MARKED) == ["forearm front right", "forearm back right"]
    page.locator(".body-chooser [data-region=abdomen]").click()
    expect(page.locator("#send-body-site")).to_have_value("Abdomen")
    expect(page.locator("#send-side")).to_have_value("")
    page.fill("#send-body-site", "")
    window.nothing_was_refused()


def test_what_is_typed_is_marked_and_what_is_unknown_is_not(window: Visit) -> None:
    page = to_form(window)
    page.fill("#send-body-site", "lower leg")
    expect(page.locator(".body-unsure")).to_have_count(4)
    page.select_option("#send-side", "left")
    expect(page.locator(".body-unsure")).to_have_count(0)
    assert page.evaluate(MARKED) == ["lower_leg front left", "lower_leg back left"]
    page.fill("#send-body-site", "somewhere")
    expect(page.locator(".body-marked")).to_have_count(0)
    page.fill("#send-body-site", "")
    page.select_option("#send-side", "")
