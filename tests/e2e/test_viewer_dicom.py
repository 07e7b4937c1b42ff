"""Photos saved as DICOM by the real browser: read by the checkers of the field, byte for byte or upright."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from e2e.conftest import Enter
from harness import shared_files
from harness.browser.downloads import download
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.delivered_reports import cleaned
from harness.dicom_files import dumped, jpeg_of, verdict
from harness.heic_files import damaged
from harness.photos import drawn_photo
from harness.report_factory import MadeFile, MadeReport
from PIL import Image, ImageOps
from playwright.sync_api import expect

from picsafe_dicom.instance import head, tail
from picsafe_dicom.photo import Fit, examine
from picsafe_media import FileSource
from picsafe_protocol.format.expectations import Sender
from picsafe_protocol.format.provenance import Provenance
from picsafe_protocol.format.report import Patient

LOADED = 60_000
"""Milliseconds for pydicom to be fetched and imported on a busy machine."""

KINDS = {".avif": "image/avif", ".heic": "image/heic"}
UNCHANGED = ("camera-canon-xmp.jpg", "camera-nokia-iptc.jpg", "junk-before-header.jpg", "stereo.mpo")
ANEW = {
    "camera-10mp-rotated-gps.jpg": "upright",
    "orientation-5.jpg": "upright",
    "cmyk.jpg": "Colours",
    "progressive.jpg": "another kind of JPEG",
    "photo.avif": "another image format",
    "phone.heic": "another image format",
}
DAMAGED = "damaged.heic"
NAMES = [*UNCHANGED, *ANEW, DAMAGED]
NOT_CLEANED = "camera-powershot.jpg"
GRID = 8


@dataclass(frozen=True)
class Saved:
    """The zip of all photos: each DICOM file by its photo's name, and what was said."""

    files: dict[str, bytes]
    said: str


@pytest.fixture(scope="module")
def folder() -> Path:
    return shared_files.samples()


@pytest.fixture(scope="module")
def photos(folder: Path) -> dict[str, bytes]:
    """What the sender's PicSafe makes of the files; the last is of a sender whose program did not clean it."""
    photos = {name: cleaned(folder / name) for name in NAMES if name != DAMAGED}
    return photos | {DAMAGED: damaged(photos["phone.heic"])} | {NOT_CLEANED: (folder / NOT_CLEANED).read_bytes()}


@pytest.fixture(scope="module")
def report(clinic: Clinic, sender: Person, reader: Person, photos: dict[str, bytes]) -> MadeReport:
    files = [MadeFile(KINDS.get(Path(name).suffix, "image/jpeg"), content) for name, content in photos.items()]
    notes = "Größe 3 × 2 cm, gerötet. " * 700
    patient = Patient("Zoë Müller-Łukasz", "1970-01-31", "MRN 00412")
    return clinic.send(sender, [reader], files, patient=patient, notes=notes)


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person) -> Visit:
    return enter(reader)


@pytest.fixture
def visit(window: Visit, report: MadeReport) -> Iterator[Visit]:
    window.to_inbox()
    window.open_report(report.header.report_id)
    yield window
    window.nothing_was_refused()


def test_what_dicom_needs_that_a_proxy_lets_drip_ends_in_an_error(clinic: Clinic, visit: Visit) -> None:
    """First, while it has not been fetched yet. Afterwards it is fetched as if nothing had been."""
    clinic.network.drips.add("/dicom.")
    visit.python("from picsafe_client.reports import dicom_export as dicom; dicom.ARCHIVE_SECONDS = 1.5")
    try:
        visit.press("s")
        visit.page.locator(".choice", has_text="photos as DICOM").click()
        expect(visit.page.get_by_text("The server did not answer in time.")).to_be_visible()
    finally:
        clinic.network.drips.clear()
    visit.python("from picsafe_client.reports import dicom_export as dicom; dicom.ARCHIVE_SECONDS = 300")


@pytest.fixture(scope="module")
def saved(window: Visit, report: MadeReport, photos: dict[str, bytes]) -> Saved:
    window.to_inbox()
    window.open_report(report.header.report_id)
    window.press("s")
    with download(window.page, LOADED) as made:
        window.page.locator(".choice", has_text="photos as DICOM").click()
    assert made.name == "2026-11-22_left-forearm_dicom.zip"
    said = window.page.locator(".report-said").inner_text()
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert archive.testzip() is None
        numbered = {f"2026-11-22_left-forearm_{number}.dcm": photo for number, photo in enumerate(photos, 1)}
        return Saved({numbered[member]: archive.read(member) for member in archive.namelist()}, said)


def data_of(saved: Saved, name: str) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(saved.files[name]))


@pytest.mark.parametrize("name", [*UNCHANGED, *ANEW, NOT_CLEANED])
def test_the_checker_finds_no_error(saved: Saved, tmp_path: Path, name: str) -> None:
    path = tmp_path / "photo.dcm"
    path.write_bytes(saved.files[name])
    assert verdict(path).errors == []
    assert "[Zoë Müller-Łukasz]" in dumped(path)


@pytest.mark.parametrize("name", UNCHANGED)
def test_the_jpeg_inside_is_the_photo_byte_for_byte(saved: Saved, photos: dict[str, bytes], name: str) -> None:
    assert jpeg_of(data_of(saved, name), len(photos[name])) == photos[name]


@pytest.mark.parametrize("name", UNCHANGED)
def test_cpython_makes_the_same_file(
    clinic: Clinic, sender: Person, saved: Saved, report: MadeReport, photos: dict[str, bytes], name: str
) -> None:
    found = clinic.within(examine(FileSource.of(photos[name])))
    assert isinstance(found, Fit)
    who = Provenance(Sender(sender.id, sender.name, sender.email), "index", confirmed=True)
    parts = [head(report.report, NAMES.index(name), found.pixels, who), photos[name], tail(found.pixels)]
    assert saved.files[name] == b"".join(parts)


@pytest.mark.parametrize("name", ANEW)
def test_what_cannot_stay_is_upright_and_says_so(saved: Saved, folder: Path, name: str) -> None:
    data = data_of(saved, name)
    made = Image.open(io.BytesIO(jpeg_of(data)))
    wanted = ImageOps.exif_transpose(Image.open(folder / name))
    assert made.size == wanted.size == (data.Columns, data.Rows)
    assert not made.getexif()
    differences = [abs(one - other) for one, other in zip(_grid(made), _grid(wanted), strict=True)]
    assert sum(differences) / len(differences) < 12, "the same picture, the same way up"
    assert ANEW[name] in data.DerivationDescription
    assert list(data.ImageType) == ["DERIVED", "PRIMARY"]
    assert data.LossyImageCompression == "01"


def test_what_a_sender_did_not_clean_holds_no_metadata(saved: Saved, photos: dict[str, bytes]) -> None:
    assert b"Exif" in photos[NOT_CLEANED]
    assert b"Exif" not in saved.files[NOT_CLEANED]
    pixels = Image.open(io.BytesIO(jpeg_of(data_of(saved, NOT_CLEANED)))).tobytes()
    assert pixels == Image.open(io.BytesIO(photos[NOT_CLEANED])).tobytes()


def test_what_was_changed_and_left_out_is_said(saved: Saved) -> None:
    assert DAMAGED not in saved.files
    assert "6 photos in it were recompressed" in saved.said
    assert "1 photo is not among them" in saved.said
    assert f"number {NAMES.index(DAMAGED) + 1}" in saved.said


def test_one_photo_is_the_same_file_as_in_the_zip(visit: Visit, saved: Saved) -> None:
    visit.press("s")
    choice = visit.page.locator(".choice", has_text="This photo as DICOM")
    expect(choice).to_contain_text("2026-11-22_left-forearm_1.dcm")
    visit.page.check("#save-with-patient")
    with download(visit.page, LOADED) as made:
        choice.click()
    assert made.name == "2026-11-22_zoe-muller-lukasz_left-forearm_1.dcm"
    assert made.content == saved.files[NAMES[0]]
    expect(visit.page.locator(".report-said")).to_contain_text(f"Saved as {made.name}")


def test_what_this_browser_cannot_decode_is_refused_with_a_reason(visit: Visit, saved: Saved) -> None:
    visit.page.locator(".thumb").nth(NAMES.index(DAMAGED)).click()
    visit.sees_medium()
    visit.press("s")
    visit.page.locator(".choice", has_text="This photo as DICOM").click()
    expect(visit.page.locator("#banner .notice")).to_contain_text("cannot be saved as DICOM here", timeout=LOADED)
    expect(visit.page.locator("#banner .notice")).to_contain_text("Nothing was saved")
    assert saved.files


def test_a_broken_network_is_said_and_the_next_attempt_works(
    enter: Enter, clinic: Clinic, reader: Person, report: MadeReport
) -> None:
    visit = enter(reader)
    visit.open_report(report.header.report_id)
    clinic.network.refuse_once["/assets/dicom."] = (503, {})
    visit.press("s")
    visit.page.locator(".choice", has_text="This photo as DICOM").click()
    expect(visit.page.locator("#banner .notice")).to_contain_text("The server is not available")
    name, content = _slowly_saved(visit)
    assert name == "2026-11-22_left-forearm_1.dcm"
    assert content[128:132] == b"DICM"


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (8000, 6000)], ids=["12 MP", "48 MP"])
def test_large_photos_that_lie_on_their_side(
    window: Visit, clinic: Clinic, sender: Person, reader: Person, tmp_path: Path, width: int, height: int
) -> None:
    image = Image.open(io.BytesIO(drawn_photo(width, height, "teal")))
    exif = image.getexif()
    exif[0x0112] = 6
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif)
    sent = clinic.send(sender, [reader], [MadeFile("image/jpeg", written.getvalue())], patient=Patient())
    window.to_inbox()
    window.open_report(sent.header.report_id)
    _, content = _slowly_saved(window)
    path = tmp_path / "photo.dcm"
    path.write_bytes(content)
    assert verdict(path).errors == []
    data = pydicom.dcmread(path)
    assert (data.Columns, data.Rows) == (height, width)
    assert (str(data.PatientName), data.PatientID) == ("", "")
    expect(window.page.locator(".report-said")).to_contain_text("the photo was turned upright")


def _slowly_saved(visit: Visit) -> tuple[str, bytes]:
    visit.press("s")
    with download(visit.page, LOADED) as made:
        visit.page.locator(".choice", has_text="This photo as DICOM").click()
    return made.name, made.content


def _grid(image: Image.Image) -> list[int]:
    return list(image.convert("RGB").resize((GRID, GRID), Image.Resampling.LANCZOS).tobytes())
