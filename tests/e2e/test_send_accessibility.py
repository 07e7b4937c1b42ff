"""axe finds nothing on the send screen in any of its states, every target is large enough, and keys alone suffice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e import test_accessibility as shell
from e2e.conftest import Enter
from harness.browser.send_page import SendScreen, file, recording
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.delivered_reports import newest
from harness.photos import drawn_photo
from harness.small_upload_parts import FIRST_PART_ARRIVED, PART, small_parts
from playwright.sync_api import FileChooser, expect

axe = shell.axe

PHOTO = file("IMG_2041_with_a_rather_long_name_from_a_camera_roll.jpg", drawn_photo(1200, 900, "firebrick"))
SOUND = file("dictation.wav", recording(2 * PART))
FULL = (507, {"code": "storage_full", "detail": "There is no room left to store this."})


@pytest.fixture(scope="module", autouse=True)
def parts_are_small() -> Iterator[None]:
    with small_parts():
        yield


@pytest.fixture(scope="module")
def reader(clinic: Clinic, sender: Person) -> Person:
    return clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB")


@pytest.fixture(scope="module", params=shell.IN_LOOKS)
def window(enter: Enter, sender: Person, axe: str, request: pytest.FixtureRequest) -> Visit:
    window = enter(sender, bypass_csp=True, **shell.LOOKS[request.param])
    window.page.context.add_init_script(axe)
    window.page.reload()
    expect(window.page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=30_000)
    return window


@pytest.fixture
def screen(window: Visit) -> SendScreen:
    return SendScreen(window).begin()


def is_fine(screen: SendScreen) -> None:
    """Looks at the whole form in one tall window: where it is scrolled, something always lies half under a bar."""
    page = screen.page
    window = page.viewport_size
    assert window is not None
    page.set_viewport_size({**window, "height": page.evaluate("() => document.documentElement.scrollHeight")})
    shell.is_fine(screen.visit)
    page.set_viewport_size(window)


def test_the_form_empty_refused_and_filled_in(screen: SendScreen, reader: Person) -> None:
    is_fine(screen)
    screen.check()
    expect(screen.limit).to_be_visible()
    screen.choose(PHOTO, SOUND, file("letter.docx", b"PK\3\4"), ready=2)
    screen.page.get_by_label("How consent was given").select_option("written")
    screen.page.get_by_label("Who gave it").select_option("parent_or_guardian")
    screen.check()
    expect(screen.page.locator("#send-patient-name-error")).to_be_visible()
    is_fine(screen)
    screen.describe([reader, "nobody@nowhere.example"])
    screen.check()
    expect(screen.page.locator(".chip-danger")).to_be_visible()
    screen.page.locator("#send-recipient").press_sequentially("ruth")
    expect(screen.page.locator(".suggestion")).to_be_visible()
    is_fine(screen)


def test_the_last_look_the_way_and_the_end(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    screen.choose(PHOTO, SOUND)
    screen.describe([reader], notes="Superficial burn.\n" * 5)
    screen.check()
    expect(screen.summary).to_be_visible()
    is_fine(screen)
    clinic.network.refusals["/parts/2"] = FULL
    with clinic.held("/parts/1"):
        screen.send_button.click()
        expect(screen.progress).to_contain_text(FIRST_PART_ARRIVED)
        is_fine(screen)
        screen.button("Stop").click()
        expect(screen.page.get_by_role("dialog")).to_be_visible()
        is_fine(screen)
        screen.visit.press("Escape")
    expect(screen.failure).to_contain_text("There is no room left")
    is_fine(screen)
    clinic.network.refusals.clear()
    screen.button("Try again").click()
    screen.has_arrived()
    is_fine(screen)


def test_what_was_not_sent(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    clinic.network.refusals["/keys/v1/keys"] = (503, {"code": "service", "retry_after": 60})
    screen.choose(PHOTO)
    screen.describe([reader])
    screen.send()
    expect(screen.page.get_by_role("heading", name="Not sent")).to_be_focused()
    is_fine(screen)


def test_a_report_is_sent_by_keys_alone(screen: SendScreen, clinic: Clinic, reader: Person) -> None:
    """The files come from the browser's own dialogue, which no page can see; everything else is typed."""
    page = screen.page

    def tab_to(words: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            label = page.evaluate(
                "() => { const at = document.activeElement; return at.labels?.[0]?.innerText || at.ariaLabel || at.innerText || ''; }"
            )
            if words in label:
                return
        raise AssertionError(f"“{words}” is not reached by the Tab key")

    def choose(chooser: FileChooser) -> None:
        chooser.set_files(PHOTO)  # type: ignore[arg-type]

    page.once("filechooser", choose)  # listened to before any key is pressed
    tab_to("Choose files")
    page.keyboard.press("Enter")
    screen.has(1)
    tab_to("Name")
    page.keyboard.type("Typed Patient")
    tab_to("Body site")
    page.keyboard.type("Heel")
    tab_to("How consent was given")
    page.keyboard.type("Verb")
    tab_to("Teaching")
    page.keyboard.press("Space")
    tab_to("Recipient")
    page.keyboard.type(reader.email)
    page.keyboard.press("Enter")
    expect(page.locator(".chip-person")).to_have_count(1)
    tab_to("Check before sending")
    page.keyboard.press("Enter")
    expect(screen.summary).to_be_visible()
    tab_to("Send")
    page.keyboard.press("Enter")
    screen.has_arrived()
    report = newest(clinic, reader).report
    assert (report.patient.name, report.body_site, report.consent[0].method.value) == (
        "Typed Patient",
        "Heel",
        "verbal",
    )
