"""axe finds nothing in the states that no other module looks at: one visit each, looked at in every look before it goes on.

Light, dark and forced colours, on a desk and on a phone, are looks at the same page: nothing is loaded again for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from e2e import test_accessibility as shell
from e2e.conftest import Enter
from harness.browser.downloads import download
from harness.browser.send_page import SendScreen, file, recording
from harness.browser.session import READY, Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from harness.shared_files import samples
from playwright.sync_api import Page, expect

from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.format.report import Patient

axe = shell.axe

AT_REST = """() => Promise.allSettled(document.getAnimations().filter(({ effect }) =>
  effect.getTiming().iterations !== Infinity).map(({ finished }) => finished))"""
"""Colours that are still changing are neither those before nor those after."""

SERVICE_WORKERS = "allow"

LOOKS = (
    (1280, "light", "none"),
    (390, "dark", "none"),
    (1280, "dark", "none"),
    (390, "light", "active"),
)
"""Width, colours, forced colours."""
HEIGHT = 800
FULL = (503, {"code": "log_unavailable", "detail": "Not now."})


@pytest.fixture(scope="module")
def reports(clinic: Clinic, reader: Person) -> list[MadeReport]:
    """One with all kinds of media, and one of another patient."""
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    photo = drawn_photo(1200, 900, "olive")
    picture = MadeFile("image/jpeg", photo, small_picture(photo), caption="Overview", width=1200, height=900)
    film = (samples() / "browser-vp9.webm").read_bytes()
    media = [
        picture,
        picture,
        MadeFile("video/webm", film, duration=5.0, width=640, height=360),
        MadeFile("audio/wav", recording(40_000), duration=0.2),
        MadeFile("image/jpeg", b"\xff\xd8\xff\xe0broken"),
    ]
    other = clinic.send(sender, [reader], [picture], patient=Patient("Nils Åkesson", "1981-02-03", "MRN 00777"))
    return [clinic.send(sender, [reader], media), other]


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person, reports: list[MadeReport], axe: str) -> Visit:
    visit = enter(reader, bypass_csp=True, viewport={"width": 1280, "height": HEIGHT})
    visit.page.context.add_init_script(axe)
    visit.page.reload()
    expect(visit.page.locator(".row").first).to_be_visible(timeout=READY)
    return visit


@pytest.fixture
def visit(window: Visit) -> Iterator[Visit]:
    window.to_inbox()
    yield window
    plain(window.page)


def plain(page: Page) -> None:
    page.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": HEIGHT})


def is_fine(page: Page, *, whole: bool = False) -> None:
    """In every look; `whole` in a window as tall as the page, where nothing lies half under a bar."""
    found: dict[str, list[str]] = {}
    for width, scheme, forced in LOOKS:
        page.emulate_media(color_scheme=scheme, forced_colors=forced, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if whole:
            tall = max(HEIGHT, page.evaluate("() => document.documentElement.scrollHeight"))
            page.set_viewport_size({"width": width, "height": tall})
        page.evaluate(AT_REST)
        faults = [*shell.violations(page), *shell.small_targets(page)]
        if shell.overflow(page) > 0:
            faults.append(f"{shell.overflow(page)} pixels too wide")
        if faults:
            found[f"{width} {scheme} {forced}"] = faults
    plain(page)
    assert found == {}


def test_two_reports_side_by_side_and_their_warning(visit: Visit, reports: list[MadeReport]) -> None:
    visit.open_report(reports[0].header.report_id)
    visit.press("b")
    visit.page.locator(f"dialog .choice[data-id='{reports[1].header.report_id}']").click()
    expect(visit.page.locator(".stage-warning")).to_be_visible()
    expect(visit.page.locator(".pane + .pane .pane-picture[alt]:not([alt=''])")).to_be_visible()
    is_fine(visit.page)


def test_what_a_phone_has_in_its_menu(visit: Visit, reports: list[MadeReport]) -> None:
    visit.open_report(reports[0].header.report_id)
    visit.page.set_viewport_size({"width": 390, "height": HEIGHT})
    visit.page.get_by_role("button", name="More").click()
    names = [each.inner_text().strip() for each in visit.page.locator("dialog .choice").all()]
    assert names == [
        "Zoom out",
        "Fit to window",
        "Zoom in",
        "Compare photos",
        "Compare reports",
        "Full screen",
        "Copy",
        "Print",
        "Done",
        "Filed",
        "Keyboard shortcuts",
    ]
    is_fine(visit.page)
    visit.page.set_viewport_size({"width": 390, "height": HEIGHT})
    visit.page.get_by_role("dialog").get_by_role("button", name="Compare photos").click()
    expect(visit.page.locator(".pane")).to_have_count(2)
    visit.page.get_by_role("button", name="More").click()
    expect(visit.page.locator("dialog .choice[aria-pressed=true]")).to_have_text("Compare photos")
    is_fine(visit.page)


@pytest.mark.parametrize(("number", "sign"), [(3, "video"), (4, "audio"), (5, ".pane-message")])
def test_a_video_a_recording_and_a_broken_photo(
    visit: Visit, reports: list[MadeReport], number: int, sign: str
) -> None:
    visit.open_report(reports[0].header.report_id)
    visit.page.locator(".thumb").nth(number - 1).click()
    expect(visit.page.locator(f".pane {sign}")).to_be_visible()
    is_fine(visit.page)


def test_saving_and_what_was_saved(visit: Visit, reports: list[MadeReport]) -> None:
    visit.open_report(reports[0].header.report_id)
    visit.press("s")
    visit.page.check("#save-with-patient")
    is_fine(visit.page)
    with download(visit.page):
        visit.page.locator("dialog .choice").first.click()
    expect(visit.page.locator(".report-said").first).to_be_visible()


def test_a_key_that_is_not_given_out(visit: Visit, clinic: Clinic, reports: list[MadeReport]) -> None:
    clinic.network.refusals["/release"] = FULL
    visit.row(reports[1].header.report_id).click()
    expect(visit.trouble).to_be_visible()
    is_fine(visit.page)


def test_the_send_form_with_the_body_site_and_its_summary(visit: Visit, reader: Person) -> None:
    screen = SendScreen(visit).begin()
    screen.choose(file("IMG_1.jpg", drawn_photo(800, 600, "peru")), file("voice.wav", recording(50_000)))
    screen.describe([reader], body_site="Forearm", notes="Since Monday.")
    visit.page.get_by_label(re.compile("^Side")).select_option("left")
    expect(visit.page.locator(".body-chooser .body-marked")).to_have_count(2)
    is_fine(visit.page, whole=True)
    screen.check()
    expect(screen.summary).to_be_visible()
    is_fine(visit.page, whole=True)
    screen.go("inbox")


def test_the_page_without_a_server(visit: Visit, clinic: Clinic) -> None:
    visit.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")

    def meanwhile() -> None:
        expect(visit.page.locator("#offline")).to_be_visible(timeout=READY)
        is_fine(visit.page)
        visit.page.reload()
        expect(visit.page.locator("#sign-in-problem")).to_be_visible(timeout=READY)
        is_fine(visit.page)

    clinic.restart(meanwhile)
    visit.page.reload()
    expect(visit.page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=READY)


def test_an_invitation_that_is_good_and_one_that_is_not(clinic: Clinic, visit: Visit) -> None:
    institution = clinic.institution("Royal Teaching Hospital")
    chief = clinic.person("Ada Chief", "ada@hospital.example", "AU", institution, Role.ADMINISTRATOR)
    with clinic.client_of(chief) as http:
        member = {"email": "new@hospital.example", "name": "Nia New", "country": "NZ", "role": "member"}
        token = http.post("/users/v1/institution/members", json=member).json()["invitation_token"]
    visit.page.evaluate("(token) => { location.hash = `#/invitation/${token}`; }", token)
    expect(visit.page.get_by_label("New password")).to_be_focused()
    is_fine(visit.page)
    visit.page.evaluate("() => { location.hash = '#/invitation/something'; }")
    expect(visit.page.locator(".invitation .notice")).to_be_visible()
    is_fine(visit.page)
