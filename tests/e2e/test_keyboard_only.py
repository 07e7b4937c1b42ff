"""Every task is done by keyboard alone, and at every step the person sees where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness.browser.engines import CHROMIUM, FIREFOX, WEBKIT, not_in
from harness.browser.keyboard_user import Keyboard
from harness.browser.send_page import file, recording
from harness.browser.session import WATCH
from harness.clinic import PASSWORD, Clinic, Person
from harness.delivered_reports import newest
from harness.photos import drawn_photo, small_picture
from harness.report_factory import MadeFile, MadeReport
from harness.shared_files import samples
from harness.small_upload_parts import FIRST_PART_ARRIVED, PART, small_parts
from playwright.sync_api import Browser

from picsafe_protocol.contracts.tokens import Role

pytestmark = [
    pytest.mark.long,
    not_in(
        FIREFOX,
        "after the last stop of the page the Tab key goes to the browser's own bar, and no key that is sent leads back",
    ),
]

SIZES = {"desk": (1280, 720), "enlarged four times": (390, 640)}
"""The second is a desktop window at 400 %, as people with low vision use it (WCAG 1.4.10), and as narrow as a phone."""


PUSHED = not_in(
    WEBKIT, "it has no scroll anchoring: what appears above the focus pushes it out of a window that is small"
)

KNOWN = """() => {
  const film = document.querySelector("video");
  film.muted = true;
  return film.readyState > 0 || new Promise((known) => film.addEventListener("loadedmetadata", () => known(true)));
}"""
PLAYING = """async () => {
  const film = document.querySelector("video");
  while (film.currentTime === 0) await new Promise((later) => film.addEventListener("timeupdate", later, { once: true }));
}"""
AT = "() => document.querySelector('video').currentTime"
SOUGHT = """() => {
  const film = document.querySelector("video");
  return film.seeking && new Promise((done) => film.addEventListener("seeked", () => done(true), { once: true }));
}"""
SCROLLED = """async () => {
  const panel = document.querySelector(".facts-panel");
  const most = panel.scrollHeight - panel.clientHeight;
  while (panel.scrollTop < most - 2) await new Promise((later) => requestAnimationFrame(later));
}"""


@pytest.fixture(scope="module")
def institution(clinic: Clinic) -> str:
    return clinic.institution("Royal Teaching Hospital")


@pytest.fixture(scope="module")
def chief(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Ada Chief", "ada@hospital.example", "GB", institution, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def colleague(clinic: Clinic, institution: str) -> Person:
    return clinic.person("Tom Baker", "tom@hospital.example", "GB", institution, Role.MEMBER)


@pytest.fixture(scope="module")
def reports(clinic: Clinic, chief: Person, sender: Person) -> list[MadeReport]:
    """One with two photos and a film, and a later one of the same patient."""
    photos = [drawn_photo(900, 700, colour) for colour in ("olive", "peru", "sienna")]
    files = [MadeFile("image/jpeg", each, small_picture(each), width=900, height=700) for each in photos]
    film = (samples() / "browser-vp9.webm").read_bytes()
    video = MadeFile("video/webm", film, duration=5.0, width=640, height=360)
    other = clinic.person("Dr Otto Other", "otto@clinic.example")
    clinic.send(other, [chief], files[:1])
    return [clinic.send(sender, [chief], [*files[:2], video]), clinic.send(other, [chief], files[2:])]


@pytest.fixture(
    scope="module",
    params=["desk", pytest.param("enlarged four times", marks=PUSHED)],
    ids=lambda name: name.replace(" ", "-"),
)
def keys(
    clinic: Clinic, browser: Browser, chief: Person, reports: list[MadeReport], request: pytest.FixtureRequest
) -> Iterator[Keyboard]:
    """A window in which somebody has signed in."""
    width, height = SIZES[request.param]
    profile = browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-GB",
        service_workers="block",
        permissions=["clipboard-read", "clipboard-write"] if browser.browser_type.name == CHROMIUM else [],
    )
    profile.add_init_script(WATCH)
    page = profile.new_page()
    page.goto(clinic.url)
    keys = Keyboard(page)
    enters(keys, chief)
    yield keys
    assert page.evaluate("() => violations") == []
    profile.close()


def enters(keys: Keyboard, person: Person) -> None:
    keys.fill(**{"Email address": person.email, "Password": PASSWORD})
    keys.press("Enter")
    keys.sees("html[data-python=ready][data-state=signed-in]")


def goes(keys: Keyboard, place: str, sign: str) -> None:
    """To a screen, by the navigation."""
    keys.to(re.compile(rf"{place}\b.*"), tag="a")
    keys.press("Enter")
    keys.sees(sign)
    keys.keeps()


def test_seeing_whose_reports_they_are(keys: Keyboard) -> None:
    goes(keys, "Inbox", ".row")
    keys.use("Show patients")
    keys.sees(".row-patient-name")
    keys.sees_no(".patients-said button")
    assert keys.reads("() => document.activeElement.matches('.row-link')"), "the focus moves on to the first row"
    keys.keeps()


def test_finding_a_report_by_the_filter(keys: Keyboard) -> None:
    goes(keys, "Inbox", ".row")
    keys.to("Filter reports")
    keys.write("ruth")
    keys.sees(".list-count", "1 of 3")
    keys.to(re.compile("(New. )?.*Dr Ruth Abara.*"), tag="a")
    keys.press("Enter")
    keys.sees(".pane-picture[alt]:not([alt=''])")
    keys.keeps()


def opens_first(keys: Keyboard) -> None:
    """The report with two photos and a film."""
    if keys.reads("() => document.fullscreenElement !== null"):
        keys.press("f")
    if keys.reads("() => document.querySelector('dialog[open]') !== null"):
        keys.press("Escape")  # another test that failed left it
        keys.sees_no("dialog")
    goes(keys, "Inbox", ".row")
    keys.to(re.compile("(New. )?.*Dr Ruth Abara.*"), tag="a")
    keys.press("Enter")
    sees_photo(keys)


def sees_photo(keys: Keyboard) -> None:
    keys.sees(".pane-picture[alt]:not([alt=''])")


def tool(keys: Keyboard, name: str) -> None:
    """A tool of the bar; where the bar is too narrow for it, it is in the menu."""
    if keys.reads("() => matchMedia('(max-width: 48rem)').matches"):
        keys.use("More")
    keys.use(re.compile(rf"{name}(, [0-9]+ ?%)?"))
    keys.keeps()


def lies(keys: Keyboard) -> tuple[float, int]:
    """How much the photo is enlarged and turned."""
    transform = str(keys.reads("() => document.querySelector('.pane-picture').style.transform"))
    found = re.search(r"rotate\((\d+)deg\) scale\(([0-9.]+)\)", transform)
    assert found, transform
    return float(found[2]), int(found[1])


def shown(keys: Keyboard, number: int) -> None:
    keys.sees(f".thumb[aria-current=true][data-number='{number}']")


def test_moving_zooming_turning_and_panning(keys: Keyboard) -> None:
    opens_first(keys)
    keys.press("End")
    shown(keys, 3)
    keys.press("Home", "ArrowRight")
    shown(keys, 2)
    sees_photo(keys)
    tool(keys, "Zoom in")
    tool(keys, "Zoom in")
    scale, _ = lies(keys)
    assert scale > 1.2
    keys.press("Shift+ArrowRight")
    assert "translate(0.00px" not in keys.reads("() => document.querySelector('.pane-picture').style.transform")
    tool(keys, "Zoom out")
    assert lies(keys)[0] < scale
    tool(keys, "Fit to window")
    keys.use("Rotate")
    assert lies(keys) == (1.0, 90)
    keys.to(re.compile("Photo 2 of 3.*"))
    keys.press("ArrowLeft")
    shown(keys, 1)
    tool(keys, "Full screen")
    keys.sees(".report-screen:fullscreen")
    keys.press("f")
    keys.sees_no(".report-screen:fullscreen")
    keys.press("Escape")
    keys.sees(".row")
    keys.keeps()


def test_two_media_side_by_side(keys: Keyboard) -> None:
    opens_first(keys)
    tool(keys, "Compare photos")
    keys.sees(".pane:nth-child(2) .pane-picture[alt]:not([alt=''])")
    keys.to(re.compile("Photo 2 of 3"))
    keys.sees(".pane:nth-child(2).pane-active[aria-current=true]")
    keys.press("ArrowRight")
    keys.sees(".pane:nth-child(2) video")
    shown(keys, 3)
    keys.to(re.compile("Photo 1 of 3"), back=True)
    keys.press("+")
    assert lies(keys)[0] > 1
    tool(keys, "Compare photos")
    keys.sees_no(".pane:nth-child(2)")


def test_two_reports_side_by_side(keys: Keyboard) -> None:
    opens_first(keys)
    tool(keys, "Compare reports")
    keys.to("Find a report")
    keys.write("otto")
    keys.to(re.compile(".*Dr Otto Other.*"), tag="button")
    keys.press("Enter")
    keys.sees(".pane + .pane .pane-picture[alt]:not([alt=''])")
    keys.to(re.compile("Photo 1 of 1"))
    keys.sees(".pane + .pane.pane-active")
    tool(keys, "Compare reports")
    keys.sees_no(".pane + .pane")


def test_reading_the_facts(keys: Keyboard) -> None:
    opens_first(keys)
    keys.sees(".toolbar-tools")
    if keys.reads("() => document.querySelector('.facts-folded') !== null"):
        keys.use("Details")
    keys.to("Details", tag="aside")
    keys.sees(".facts-panel", "Edda Lindqvist")
    keys.press("End")
    keys.reads(SCROLLED)
    keys.press("i")
    keys.sees_no(".facts-panel")
    keys.keeps()


@not_in(
    WEBKIT,
    "the stops within its player are buttons of its own: which of them has the focus cannot be seen from outside",
)
def test_playing_pausing_and_seeking(keys: Keyboard) -> None:
    opens_first(keys)
    keys.press("End")
    keys.sees("video")
    keys.reads(KNOWN)
    keys.to(re.compile("Video 3 of 3.*"), tag="video")
    keys.press("Space")
    keys.reads(PLAYING)
    keys.press("Space")
    assert keys.reads("() => document.querySelector('video').paused")
    keys.press("Home")
    before = keys.reads(AT)
    keys.press("ArrowRight")
    keys.reads(SOUGHT)
    assert keys.reads(AT) > before


def saves(keys: Keyboard, choice: str, *, named: bool = False) -> tuple[str, bytes]:
    """What the dialogue saves."""
    keys.press("s")
    keys.sees("dialog")
    if named:
        keys.to("With the patient's name in the file name")
        keys.press("Space")
    saved = keys.downloads(lambda: keys.use(re.compile(f"{choice}.*")))
    keys.sees_no("dialog")
    keys.keeps()
    return saved


def test_saving(keys: Keyboard, reports: list[MadeReport]) -> None:
    opens_first(keys)
    name, content = saves(keys, "This JPEG photo")
    assert (name, content) == ("2026-11-22_left-forearm_1.jpg", reports[0].files["media/001.jpg"])
    assert "_edda-lindqvist_" in saves(keys, "This JPEG photo", named=True)[0]
    assert saves(keys, "All 3 files")[0].endswith(".zip")
    assert saves(keys, "This photo as DICOM")[1][128:132] == b"DICM"
    assert saves(keys, "The encrypted file")[1] == reports[0].package


def test_copying_and_printing(keys: Keyboard) -> None:
    opens_first(keys)
    keys.press("Control+c")
    keys.use(re.compile("Copy.*"))
    keys.sees(".report-said", "Copied")
    keys.press("p")
    keys.use(re.compile("All 2 photos.*"))
    keys.reads("async () => { while (!printed.length) await new Promise((later) => requestAnimationFrame(later)); }")
    assert keys.reads("() => printed.at(-1).photos.length") == 2
    keys.keeps()


def test_opening_a_file_from_disk(keys: Keyboard, reports: list[MadeReport]) -> None:
    goes(keys, "Inbox", ".row")
    chosen = file("report.picsafe", reports[0].package)
    keys.chooses(chosen, lambda: keys.use("Open a file"))
    keys.sees(".file-screen .toolbar-title", "Edda Lindqvist")
    sees_photo(keys)
    keys.keeps()


def test_sending_pausing_and_withdrawing(keys: Keyboard, clinic: Clinic, colleague: Person) -> None:
    goes(keys, "Send", ".send-screen h1")
    chosen = [file("IMG_1.jpg", drawn_photo(800, 600, "firebrick")), file("voice.wav", recording(3 * PART))]
    keys.chooses(chosen, lambda: keys.use("Choose files"))
    keys.fill(Name="Typed Patient")
    keys.to("Hospital or NHS number")
    keys.write("MRN 5")
    keys.to("Body site")
    keys.write("Forearm")
    keys.to("Side")
    keys.press("l")
    assert keys.reads("() => document.querySelectorAll('.body-chooser .body-marked').length") == 2
    keys.to("Notes")
    keys.write("Since Monday.")
    keys.to("How consent was given")
    keys.press("v")
    keys.to("Teaching")
    keys.press("Space")
    keys.to("Recipient’s email address")
    keys.write("tom")
    keys.sees(".suggestion")
    keys.press("ArrowDown", "Enter")
    keys.sees(".chip-person", colleague.name)
    keys.keeps()
    keys.sees_no(".tray-row[aria-busy]")
    with small_parts():
        with clinic.held("/parts/1"):
            keys.use("Check before sending")
            keys.sees("#send-summary", "Typed Patient")
            keys.use("Send")
            keys.sees("#send-progress", FIRST_PART_ARRIVED)
            keys.use("Pause")
            keys.sees("#send-progress", "Paused")
            keys.keeps()
        keys.use("Resume")
        keys.keeps()
        keys.sees("#main-content .notice-good", "Sent to ")
    keys.keeps()
    report = newest(clinic, colleague).report
    assert (report.patient.name, report.body_site, report.consent[0].method.value) == (
        "Typed Patient",
        "Forearm",
        "verbal",
    )
    goes(keys, "Sent", ".row")
    keys.to(re.compile(".*To Tom Baker.*"))
    keys.press("Enter")
    keys.use("Withdraw")
    keys.sees("dialog")
    keys.use("Withdraw")
    keys.sees(".row-over", "Withdrawn")
    keys.keeps()


def test_locking_and_coming_back(keys: Keyboard) -> None:
    opens_first(keys)
    keys.press("l")
    keys.sees("#sign-in-title", "Locked")
    keys.to("Password")
    keys.write(PASSWORD)
    keys.press("Enter")
    sees_photo(keys)
    keys.keeps()


def test_the_account(keys: Keyboard, clinic: Clinic, chief: Person) -> None:
    with clinic.client_of(chief) as phone:
        goes(keys, "Account", ".device + .device")
        keys.use("Change name")
        keys.write("Ada Chief-Jones")
        keys.press("Enter")
        keys.sees("#main-content", "Ada Chief-Jones")
        keys.keeps()
        keys.use(re.compile("Sign out (?!all|here).+"))
        keys.sees_no(".device + .device")
        keys.keeps()
        assert phone.get("/users/v1/me").status_code == 401
    keys.to("Language")
    keys.press("d")
    keys.sees("#main-content h1", "Konto")
    keys.keeps()
    keys.to("Sprache")
    keys.press("e")
    keys.sees("#main-content h1", "Account")
    keys.keeps()


def section(keys: Keyboard, name: str, sign: str) -> None:
    goes(keys, "Institution", "#institution-name, .institution-screen")
    keys.use(name)
    keys.sees(sign)
    keys.keeps()


def test_members_and_service_accounts(keys: Keyboard, colleague: Person, request: pytest.FixtureRequest) -> None:
    section(keys, "Members", "tbody tr")
    number = len(request.node.name)
    keys.use("Invite a member")
    keys.fill(Name="Nia New", **{"Email address": f"nia{number}@hospital.example"})
    keys.press("Enter")
    assert "/#/invitation/" in secret(keys)
    keys.use("Change the role of Tom Baker")
    keys.sees("dialog")
    keys.to("Member: sends and opens reports")
    keys.press("ArrowDown", "Enter")
    keys.sees("#announcer:not(:empty)", "Tom Baker is now: Administrator.")
    keys.keeps()
    section(keys, "Service accounts", "#main-content .section")
    keys.use("New service account")
    keys.fill(Name="PACS bridge")
    keys.press("Enter")
    assert secret(keys).startswith("picsafe_st_")
    keys.use("Revoke PACS bridge")
    keys.sees("dialog")
    keys.use("Revoke")
    keys.sees("#main-content", "There is no service account yet.")
    keys.keeps()


def secret(keys: Keyboard) -> str:
    """What is shown once; it is copied, and the dialogue is closed."""
    keys.sees("dialog #secret")
    value = str(keys.reads("() => document.querySelector('#secret').value"))
    keys.use("Copy")
    keys.sees("dialog [role=status]", "Copied")
    assert keys.reads("() => navigator.clipboard.readText()") == value
    keys.use("Done")
    keys.sees_no("dialog")
    keys.keeps()
    return value


@PUSHED
def test_rules_and_the_access_log(keys: Keyboard) -> None:
    opens_first(keys)
    section(keys, "Policies", "#main-content form")
    keys.to("Reports are kept for")
    keys.press("3")
    keys.use("Save policies")
    keys.sees("form .notice", "The policies were saved.")
    keys.keeps()
    section(keys, "Access log", "tbody tr")
    keys.to("What")
    keys.press("o")
    keys.use("Show")
    keys.sees("tbody tr", "Opened")
    keys.keeps()
    name, content = keys.downloads(lambda: keys.use("Export as CSV"))
    assert name.endswith(".csv")
    assert content.count(b"released") >= 1


def test_signing_out_at_last(keys: Keyboard) -> None:
    keys.use("Sign out")
    keys.sees("#sign-in-title", "You are signed out")
    keys.keeps()
