"""Every byte that a browser sends while a report is sent and opened: nothing of the patient, the photos or their files is among them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from e2e.conftest import Enter
from harness.browser.send_page import SendScreen
from harness.browser.session import Visit
from harness.clinic import PASSWORD, Clinic, Person, free_port, running_clinic
from harness.delivered_reports import Parcel, cleaned, inbox, opened
from harness.photos import noisy_photo
from harness.secret_scanner import Secrets
from harness.traffic_recorder import Wire, laid
from PIL import Image
from playwright.sync_api import BrowserContext, Request, expect

from picsafe_protocol.format.label import SEALED_LABEL_SIZES

SERVICE_WORKERS = "allow"

FACTS = {
    "patient's name": "Zoë Qvistgård-Mbeki",
    "day of birth": "1961-04-17",
    "record number": "MRN-8842-QX-7713",
    "body site": "Zygomatic arch",
    "notes": "Hypertrophic scar since kitchen accident;\nprefers Wednesdays. Überweisung läuft.",
    "consent giver": "Ingeborg Qvistgård",
    "publication": "Annals of Maxillofacial Curiosities",
    "camera": "Quillrex Optics",
    "serial number": "SN-55910-ZULU",
    "first file's name": "zoe-cheek-close.jpg",
    "second file's name": "Läsion_2.jpg",
}


def photo(seed: int) -> bytes:
    """A photo as a camera writes it: with maker, serial number and place."""
    exif = Image.Exif()
    exif[0x010F] = FACTS["camera"]
    exif.get_ifd(0x8769)[0xA431] = FACTS["serial number"]
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 24.5), 3: "E", 4: (151.0, 12.0, 33.25)})
    written = io.BytesIO()
    Image.open(io.BytesIO(noisy_photo(160, 120, seed))).save(written, "JPEG", exif=exif, quality=90)
    return written.getvalue()


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with laid(free_port(), free_port()) as wire:
        yield wire


@pytest.fixture(scope="module")
def clinic(built_client: None, wire: Wire, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic that browsers reach only over the wire."""
    folder = tmp_path_factory.mktemp("clinic")
    with running_clinic(folder, port=wire.port, behind=wire.target) as running:
        yield running


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("phone")
    names = [FACTS["first file's name"], FACTS["second file's name"]]
    for seed, name in enumerate(names, 1):
        (folder / name).write_bytes(photo(seed))
    return [folder / name for name in names]


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """The addresses of all requests that the browser knows of."""
    return []


@pytest.fixture(scope="module")
def story(clinic: Clinic, enter: Enter, originals: list[Path], asked: list[str]) -> tuple[Visit, Visit, Parcel]:
    """A report with all of these facts is sent in one window and opened, looked at and saved in another."""
    sender = clinic.person("Dr Ruth Abara", "ruth.abara@clinic.example")
    reader = clinic.person("Dr Jon Keller", "jon.keller@clinic.example", "GB")
    sending, reading = enter(sender), enter(reader)
    for visit in (sending, reading):
        _listen(visit.page.context, asked)
        visit.page.reload()
        expect(visit.page.locator("html[data-python=ready][data-state=signed-in]")).to_be_visible(timeout=30_000)
    _send(SendScreen(sending), reader, originals)
    report_id = inbox(clinic, reader)[0]
    _read(reading, report_id)
    return sending, reading, opened(clinic, reader, report_id)


def _listen(context: BrowserContext, asked: list[str]) -> None:
    def note(request: Request) -> None:
        asked.append(request.url)

    context.on("request", note)
    for page in context.pages:
        page.on("websocket", lambda socket: asked.append(socket.url))


def _send(screen: SendScreen, reader: Person, originals: list[Path]) -> None:
    page = screen.begin().page
    screen.choose(*originals)
    screen.describe(
        [reader],
        patient=FACTS["patient's name"],
        birth_date=FACTS["day of birth"],
        record_number=FACTS["record number"],
        body_site=FACTS["body site"],
        notes=FACTS["notes"],
    )
    page.get_by_label("How consent was given").select_option("verbal")
    page.get_by_label("Who gave it").select_option("parent_or_guardian")
    page.get_by_label("Their name").fill(FACTS["consent giver"])
    page.get_by_label("A named publication").check()
    page.get_by_label("Name of the publication").fill(FACTS["publication"])
    expect(page.locator(".draft-line")).to_contain_text("A draft is kept on this computer")
    page.click("#lock-button")
    screen.visit.enter_password()
    page.locator("#drafts").get_by_role("button", name="Continue").click()
    screen.has(len(originals))
    screen.send()
    screen.has_arrived()
    screen.go("sent")
    expect(page.locator(".row-patient").first).to_contain_text(FACTS["record number"])
    page.locator("summary").first.click()
    expect(page.locator(".row-details tbody tr").first).to_be_visible()


def _read(visit: Visit, report_id: str) -> None:
    visit.page.get_by_role("button", name="Show patients").click()
    expect(visit.row(report_id)).to_contain_text(FACTS["record number"])
    visit.page.get_by_role("searchbox").fill(FACTS["patient's name"])
    expect(visit.page.locator(".list-count")).to_contain_text("1 of 1 match")
    visit.open_report(report_id)
    expect(visit.title).to_have_text(FACTS["patient's name"])
    visit.press("ArrowRight")
    visit.is_at(2, 2)
    visit.sees_medium()
    visit.saved("This JPEG photo", with_patient=True)
    visit.saved("All 2 files")
    _, package = visit.saved("The encrypted file")
    visit.press("c", "p", "Escape")
    visit.to_inbox()
    visit.open_file("zoe-cheek-close.picsafe", package)
    visit.sees_medium()
    visit.to_inbox()


@pytest.fixture(scope="module")
def secrets(originals: list[Path], story: tuple[Visit, Visit, Parcel]) -> Secrets:
    """The facts; and the photos, as they were, as they were sent, and small."""
    members = story[2].members
    files = {f"original of {path.name}": path.read_bytes() for path in originals}
    files |= {f"cleaned {path.name}": cleaned(path) for path in originals}
    files |= {f"the report's {name}": content for name, content in members.items()}
    return Secrets(FACTS, files)


def test_nothing_of_the_patient_the_photos_or_their_files_is_among_what_the_browser_sends(
    wire: Wire, story: tuple[Visit, Visit, Parcel], secrets: Secrets
) -> None:
    assert secrets.found_in(wire.everything()) == set()


def test_the_record_misses_nothing(
    wire: Wire, clinic: Clinic, story: tuple[Visit, Visit, Parcel], asked: list[str]
) -> None:
    everything, parcel = wire.everything(), story[2]
    assert parcel.package in everything, "what was uploaded is all there"
    assert json.dumps(PASSWORD).encode() in everything, "and what was typed into the sign-in form"
    label = re.search(rb'"label": ?"([^"]+)"', everything)
    assert label is not None, "the label was handed in"
    assert len(base64.b64decode(label[1])) in SEALED_LABEL_SIZES
    assert b"/keys/v1/labels/release HTTP" in everything, "and read"
    assert b"/users/v1/sealed-drafts/secrets HTTP" in everything, "a draft was opened again"
    assert b"/users/v1/outbox/receipt HTTP" in everything, "and delivered by its token"
    own = [url.removeprefix(clinic.url) for url in asked if url.startswith(clinic.url)]
    assert len(own) > 20
    for path in own:
        assert f" {path} HTTP/1.1\r\n".encode() in everything


def test_nobody_else_was_asked(clinic: Clinic, story: tuple[Visit, Visit, Parcel], asked: list[str]) -> None:
    assert [url for url in asked if not url.startswith((f"{clinic.url}/", "blob:", "data:"))] == []


def test_the_page_kept_every_rule_of_its_policy(story: tuple[Visit, Visit, Parcel]) -> None:
    for visit in story[:2]:
        visit.nothing_was_refused()
        assert visit.console == []


def test_a_leak_from_the_page_would_be_found(wire: Wire, story: tuple[Visit, Visit, Parcel], secrets: Secrets) -> None:
    before = len(wire.everything())
    leak = "(text) => fetch('/users/v1/recipients?query=' + encodeURIComponent(btoa(text)))"
    story[0].page.evaluate(leak, FACTS["record number"])
    found = secrets.found_in(wire.everything())
    assert before < len(wire.everything())
    assert {each.split(" ")[0] for each in found} == {"record"}


# The search itself

SEEN = noisy_photo(60, 40, 5)
SOUGHT = Secrets({"patient's name": FACTS["patient's name"], "file's name": "zoe-cheek-close.jpg"}, {"photo": SEEN})
NAME = FACTS["patient's name"].encode()
PIECE = SEEN[700:740]

HIDINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "base64": base64.b64encode,
    "base64, one byte later": lambda data: base64.b64encode(b"x" + data),
    "base64, two bytes later": lambda data: base64.b64encode(b"xy" + data),
    "base64 for addresses": lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    "base64 within a word": lambda data: b"id" + base64.b64encode(data),
    "hexadecimal": lambda data: data.hex().encode(),
    "hexadecimal, capital": lambda data: data.hex().upper().encode(),
    "percent signs": lambda data: quote(data).encode(),
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "base64 of gzip": lambda data: base64.b64encode(gzip.compress(data)),
    "base64 with percent signs": lambda data: quote(base64.b64encode(data), safe="").encode(),
}
TEXTS: dict[str, bytes] = {
    "UTF-16": FACTS["patient's name"].encode("utf-16-le"),
    "UTF-16, the other way": FACTS["patient's name"].encode("utf-16-be"),
    "JSON escapes": json.dumps({"name": FACTS["patient's name"]}).encode(),
    "capitals": FACTS["patient's name"].upper().encode(),
    "one word of it": '{"q": "Qvistgård"}'.encode(),
    "as a form": quote(FACTS["patient's name"].replace(" ", "+"), safe="+").encode(),
}


def around(data: bytes) -> bytes:
    """The same within a request, among bytes that are no secret."""
    cipher = bytes((index * 2_654_435_761 >> 7) & 255 for index in range(5000))
    return b"PUT /x HTTP/1.1\r\nAuthorization: Bearer abcdef\r\n\r\n" + cipher + b"&" + data + b"&" + cipher


@pytest.mark.parametrize("hiding", HIDINGS)
def test_the_search_finds_a_name_and_a_piece_of_a_photo(hiding: str) -> None:
    hide = HIDINGS[hiding]
    assert {re.sub(r" \(.*", "", each) for each in SOUGHT.found_in(around(hide(NAME)))} == {"patient's name"}
    assert {each.split(" ")[0] for each in SOUGHT.found_in(around(hide(PIECE)))} == {"photo"}


@pytest.mark.parametrize("shape", TEXTS)
def test_the_search_finds_texts_in_other_shapes(shape: str) -> None:
    assert any(each.startswith("patient's name") for each in SOUGHT.found_in(around(TEXTS[shape])))


def test_the_search_finds_nothing_where_nothing_is() -> None:
    other = bytes((index * 40_503 >> 5) & 255 for index in range(5000))
    assert SOUGHT.found_in(around(other + b"Zoe Lindqvist, cheek.jpg")) == set()
