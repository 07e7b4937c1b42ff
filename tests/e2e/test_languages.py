"""A person whose browser is German or French uses My PicSafe, from signing in to sending, and meets no English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from e2e import test_accessibility as shell
from e2e.conftest import Enter
from harness.browser.session import READY, Visit
from harness.browser.untranslated_words import english_left
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import Page, expect

from picsafe_client.i18n.catalogue import LANGUAGES
from picsafe_protocol.contracts.tokens import Role

PHOTO = drawn_photo(1200, 900, "olive")
FILES = [
    MadeFile("image/jpeg", PHOTO, small_picture(PHOTO), caption="Unterarm", width=1200, height=900),
    MadeFile("image/heic", b"\0\0\0\x18ftypheic" + bytes(200)),
    MadeFile("audio/mp4", bytes(500), duration=12.0),
]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
CUT_OFF = """() => {
  const shown = [...document.querySelectorAll("dialog, .navigation a > span, button, .button, label, dt, th, h1, h2, h3, kbd")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".for-ears"));
  const inside = (node, box) => {
    const { left, right } = node.getBoundingClientRect();
    return left >= box.left - 1 && right <= box.right + 1;
  };
  const within = [...document.querySelectorAll("dialog dt, dialog dd, dialog button, dialog p")]
    .filter((node) => !inside(node, node.closest("dialog").getBoundingClientRect()));
  const broken = shown.filter((node) => {
    if (node.children.length || /[^\\p{L}]/u.test(node.textContent.trim())) return false;
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getClientRects().length > 1;
  });
  const cut = shown.filter((node) => node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== "inline");
  return [...cut, ...broken, ...within].map((node) => node.textContent.trim().slice(0, 60));
}"""
"""Labels that do not fit: wider than their room, a word broken in the middle, outside of their dialogue."""


OUTSIDE = """() => {
  const parts = document.querySelectorAll(".header :is(a, button), .row-columns > *, .row-link > *");
  return [...parts].filter((part) => {
    const { left, right, width } = part.getBoundingClientRect();
    const around = (part.closest(".list") ?? document.documentElement).getBoundingClientRect();
    return width && (left < around.left - 1 || right > around.right + 1);
  }).map((part) => part.className || part.id || part.textContent.trim());
}"""
"""What lies outside of the window, or of its list, which hides what does not fit."""


def file(name: str, content: bytes) -> Any:
    """A photo that exists only for the page."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


axe = shell.axe


@dataclass(frozen=True)
class Reading:
    """Somebody's window and the language that it should be in."""

    visit: Visit
    language: str
    report: MadeReport

    @property
    def page(self) -> Page:
        return self.visit.page

    def said(self, key: str) -> str:
        """A text of the catalogue in this language."""
        text = LANGUAGES[self.language].texts[key]
        assert isinstance(text, str)
        return text

    def go(self, address: str, sign: str) -> None:
        """To a screen, until `sign` is there."""
        self.page.evaluate("(address) => { location.hash = address; }", address)
        leave = self.page.get_by_role("button", name=self.said("action.leave"), exact=True)
        expect(self.page.locator(sign).or_(leave).first).to_be_visible()
        if leave.is_visible():
            leave.click()
        expect(self.page.locator(sign).first).to_be_visible()

    def is_right(self) -> None:
        """No English, nothing cut off or out of the window."""
        assert english_left(self.page, self.language) == []
        assert shell.overflow(self.page) <= 0
        assert self.page.evaluate(CUT_OFF) == []


@pytest.fixture(scope="module")
def sender(clinic: Clinic) -> Person:
    return clinic.person("Dr Ruth Abara", "ruth@klinik.example", "DE")


@pytest.fixture(scope="module")
def reader(clinic: Clinic) -> Person:
    house = clinic.institution("Uniklinikum Nord")
    return clinic.person("Dr. Jörg Keller", "keller@klinik.example", "DE", house, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person) -> MadeReport:
    clinic.send(reader, [sender], FILES[:1])
    return clinic.send(sender, [reader], FILES, signature=drawn_photo(300, 100, "white", "PNG"))


@pytest.fixture(
    scope="module",
    params=[("de-AT", PHONE), pytest.param(("de-DE", {}), marks=pytest.mark.long), ("fr-FR", PHONE)],
    ids=["German phone", "German desk", "French phone"],
)
def reading(enter: Enter, reader: Person, report: MadeReport, axe: str, request: pytest.FixtureRequest) -> Reading:
    tag, look = request.param
    visit = enter(reader, locale=tag, bypass_csp=True, **look)
    visit.page.context.add_init_script(axe)
    visit.page.reload()
    expect(visit.row(report.header.report_id)).to_be_visible(timeout=READY)
    return Reading(visit, tag[:2], report)


# Screen by screen


def test_inbox(reading: Reading) -> None:
    reading.go("#/inbox", ".row")
    reading.is_right()
    assert shell.violations(reading.page) == []
    reading.page.fill(".filter-input", "xyz")
    expect(reading.page.locator(".nothing")).to_be_visible()
    reading.is_right()


def test_header_and_lists_at_every_width(reading: Reading) -> None:
    before = reading.page.viewport_size
    assert before is not None
    for screen in ("inbox", "sent"):
        reading.go(f"#/{screen}", ".filter-input")
        reading.page.fill(".filter-input", "")  # the test before has left something there
        expect(reading.page.locator(".row").first).to_be_visible()
        for width in (360, 768, 770, 800, 1024, 1026, 1152, 1280):
            reading.page.set_viewport_size({"width": width, "height": 900})
            assert (screen, width, reading.page.evaluate(OUTSIDE)) == (screen, width, [])
    reading.page.set_viewport_size(before)


def test_report(reading: Reading) -> None:
    reading.go(f"#/report/{reading.report.header.report_id}", ".pane-picture[alt]:not([alt=''])")
    if not reading.visit.facts.is_visible():
        reading.visit.press("i")
    expect(reading.visit.facts).to_be_visible()
    reading.is_right()
    assert shell.violations(reading.page) == []
    if reading.page.viewport_size == PHONE["viewport"]:
        reading.visit.press("i")
    for key in ("s", "p", "?"):
        reading.visit.press(key)
        expect(reading.page.get_by_role("dialog")).to_be_visible()
        reading.is_right()
        reading.visit.press("Escape")
        expect(reading.page.get_by_role("dialog")).to_have_count(0)
    reading.visit.press("ArrowRight")
    expect(reading.page.locator(".pane-message")).to_be_visible()
    reading.is_right()


def test_tools_of_a_report_at_every_width(reading: Reading) -> None:
    before = reading.page.viewport_size
    assert before is not None
    reading.go("#/inbox", ".row")
    reading.visit.open_report(reading.report.header.report_id)
    for width in (360, 390, 768, 770, 1024, 1026, 1280, 1440, 1600, 1920):
        reading.page.set_viewport_size({"width": width, "height": 800})
        assert (width, reading.page.evaluate(OUTSIDE)) == (width, [])
    reading.page.set_viewport_size(before)


def test_a_report_that_is_not_there(reading: Reading) -> None:
    reading.go(f"#/report/{'a' * 26}", ".report-trouble .notice")
    expect(reading.visit.trouble).to_contain_text(reading.said("error.not_found"))
    reading.is_right()


def test_sent(reading: Reading) -> None:
    reading.go("#/sent", ".row")
    reading.page.locator("summary").first.click()
    expect(reading.page.locator(".row-details tbody tr").first).to_be_visible()
    reading.is_right()


def test_send(reading: Reading) -> None:
    reading.go("#/send", "#send-patient-name")
    page = reading.page
    page.get_by_role("button", name=reading.said("send.check")).click()
    expect(page.locator(".field-error:visible").first).to_be_visible()
    page.set_input_files("input[type=file][multiple]", file("leer.jpg", b""))
    expect(page.locator(".tray-problems .notice")).to_contain_text("leer.jpg")
    page.set_input_files("input[type=file][multiple]", file("arm.jpg", PHOTO))
    expect(page.locator(".tray-name")).to_have_text("arm.jpg")
    page.select_option("#send-method", "written")
    page.select_option("#send-giver", "parent_or_guardian")
    page.select_option("#send-side", "left")
    reading.is_right()
    page.fill("#send-patient-name", "Edda Lindqvist")
    page.fill("#send-recipient", "ruth@klinik.example")
    page.get_by_role("button", name=reading.said("send.check")).click()
    expect(page.locator(".facts")).to_contain_text("Edda Lindqvist")
    reading.is_right()
    page.get_by_role("button", name=reading.said("send.now"), exact=True).click()
    expect(page.locator(".send-people")).to_contain_text("Dr Ruth Abara", timeout=60_000)
    reading.is_right()


@pytest.mark.parametrize(
    ("address", "sign"),
    [
        ("#/account", ".device"),
        ("#/institution", "#institution-name"),
        ("#/institution/members", "tbody tr"),
        ("#/institution/machines", ".section"),
        ("#/institution/log", "tbody tr"),
        ("#/file", "#main-content .button"),
        ("#/nonsense", "#main-content .button"),
        ("#/invitation/something", ".invitation .notice"),
    ],
)
def test_other_screens(reading: Reading, address: str, sign: str) -> None:
    reading.go(address, sign)
    reading.is_right()


def test_countries_have_their_names_in_the_language(reading: Reading) -> None:
    reading.go("#/account", ".device")
    expect(reading.page.locator("section").first).to_contain_text(
        {"de": "Deutschland", "fr": "Allemagne"}[reading.language]
    )


def test_locked_and_back(reading: Reading) -> None:
    reading.go("#/inbox", ".row")
    reading.visit.press("l")
    expect(reading.page.locator("#sign-in-title")).to_have_text(reading.said("shell.locked.title"))
    reading.is_right()
    assert shell.violations(reading.page) == []
    reading.page.fill("#password", "this is not the password")
    reading.visit.press("Enter")
    expect(reading.page.locator("#sign-in-problem")).to_contain_text(reading.said("error.wrong_password"))
    reading.is_right()
    reading.visit.enter_password()
