"""Photos as DICOM: what the checkers of the field say, which bytes are in it, and what is written of the report."""

from __future__ import annotations

import asyncio
import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from harness import shared_files
from harness.dicom_files import dumped, jpeg_of, verdict
from harness.report_factory import MadeFile, described
from PIL import Image

from picsafe_dicom import words
from picsafe_dicom.anatomy import CODES
from picsafe_dicom.frame import EXTENDED, LOSSLESS, LOSSLESS_FIRST_ORDER, read_frame
from picsafe_dicom.instance import head, tail
from picsafe_dicom.photo import Fit, Reason, compressed_anew, examine
from picsafe_media import CleanedSource, FileSource
from picsafe_protocol.anatomy.body_sites import Region
from picsafe_protocol.contracts.errors import UnsupportedMedium
from picsafe_protocol.format.expectations import Sender
from picsafe_protocol.format.provenance import Provenance
from picsafe_protocol.format.report import Author, Laterality, Patient, Report

REPORT_ID = "abcdefghijklmnopqrstuvwxyz"


def jpeg(mode: str = "RGB", **settings: Any) -> bytes:
    written = io.BytesIO()
    Image.linear_gradient("L").resize((61, 47)).convert(mode).save(written, "JPEG", **settings)
    return written.getvalue()


def found_in(photo: bytes) -> Fit | Reason:
    return asyncio.run(examine(FileSource.of(photo)))


def author_of(report: Report) -> Provenance:
    """Whom the report names as its author, as the one who really sent it."""
    sender = Sender("a" * 26, report.author.name, report.author.email, report.author.institution)
    return Provenance(sender, "index", confirmed=True)


def dicom(photo: bytes, **facts: Any) -> tuple[bytes, bytes]:
    """The DICOM file of a report's only photo, and the JPEG that should be in it."""
    found = found_in(photo)
    assert isinstance(found, Fit), found
    source = CleanedSource(FileSource.of(photo), found.cleaned)
    body = asyncio.run(source.read(0, source.size))
    report = replace(described(REPORT_ID, [MadeFile("image/jpeg", photo, caption="Rand")])[0], **facts)
    return head(report, 0, found.pixels, author_of(report)) + body + tail(found.pixels), body


def read(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(content))


def faultless(content: bytes, folder: Path) -> None:
    path = folder / "photo.dcm"
    path.write_bytes(content)
    assert verdict(path).errors == []


@pytest.mark.parametrize(
    ("photo", "colours"),
    [
        (jpeg(), "YBR_FULL_422"),
        (jpeg(subsampling=0), "YBR_FULL_422"),
        (jpeg("L"), "MONOCHROME2"),
        (jpeg() + b"\0" * (1 - len(jpeg()) % 2), "YBR_FULL_422"),
    ],
    ids=["4:2:0", "4:4:4", "grey", "with a byte behind it"],
)
def test_a_plain_photo_stays_byte_for_byte(photo: bytes, colours: str, tmp_path: Path) -> None:
    content, body = dicom(photo)
    faultless(content, tmp_path)
    data = read(content)
    assert photo.startswith(body)
    assert jpeg_of(data, len(body)) == body
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.50"
    assert data.PhotometricInterpretation == colours
    assert (data.Columns, data.Rows) == (61, 47)
    assert list(data.ImageType) == ["ORIGINAL", "PRIMARY"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("camera-10mp-rotated-gps.jpg", Reason.ORIENTATION),
        ("orientation-5.jpg", Reason.ORIENTATION),
        ("cmyk.jpg", Reason.COLOURS),
        ("progressive.jpg", Reason.CODING),
        ("photo.avif", Reason.FORMAT),
        ("phone.heic", Reason.FORMAT),
        ("camera-canon-xmp.jpg", None),
        ("camera-nokia-iptc.jpg", None),
        ("camera-powershot.jpg", None),
        ("junk-before-header.jpg", None),
        ("stereo.mpo", None),
    ],
)
def test_real_photos_stay_or_say_why_not(name: str, reason: Reason | None, tmp_path: Path) -> None:
    photo = (shared_files.samples() / name).read_bytes()
    found = found_in(photo)
    if reason is not None:
        assert found is reason
        return
    content, body = dicom(photo)
    faultless(content, tmp_path)
    assert jpeg_of(read(content), len(body)) == body
    assert not any(word in content for word in (b"Exif", b"http://ns.adobe.com", b"Photoshop", b"MPF\0"))


def coded(sof: int, *, precision: int = 8, predictor: int = 1, rows: int = 47, components: int = 3) -> bytes:
    """The headers of a JPEG of so many components, as an encoder with this frame would write them."""
    each = range(1, components + 1)
    frame = struct.pack(">BHHB", precision, rows, 61, components) + b"".join(bytes((one, 0x11, 0)) for one in each)
    scan = bytes((components, *(value for one in each for value in (one, 0)), predictor, 0, 0))
    parts = [(sof, frame), (0xDA, scan)]
    return b"\xff\xd8" + b"".join(bytes((0xFF, kind)) + struct.pack(">H", len(body) + 2) + body for kind, body in parts)


@pytest.mark.parametrize(
    ("photo", "syntax"),
    [
        (coded(0xC1), EXTENDED),
        (coded(0xC3, components=1), LOSSLESS_FIRST_ORDER),
        (coded(0xC3, components=1, predictor=4), LOSSLESS),
        (coded(0xC3), None),
        (coded(0xC2), None),
        (coded(0xC9), None),
        (coded(0xC1, precision=12), None),
        (coded(0xC0, rows=0), None),
    ],
    ids=[
        "extended",
        "lossless",
        "lossless, other predictor",
        "lossless in colour",
        "progressive",
        "arithmetic",
        "12 bits",
        "height unknown",
    ],
)
def test_the_transfer_syntax_follows_from_the_coding(photo: bytes, syntax: str | None) -> None:
    pixels = asyncio.run(compressed_anew(FileSource.of(photo), Reason.CODING))
    assert (None if isinstance(pixels, Reason) else pixels.transfer_syntax) == syntax


@pytest.mark.parametrize(
    "photo",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\0\1",
        b"\xff\xd8" + b"\xff" * 1000,
        b"\xff\xd8xx" + bytes(10),
        coded(0xC0)[:12],
        b"\xff\xd8\xff\xda\0\x02",
        b"\xff\xd8\xff\xc0\0\x08" + bytes((8, 0, 9, 0, 9, 255)) + b"\xff\xda\0\x02",
    ],
)
def test_a_broken_header_is_reported(photo: bytes) -> None:
    with pytest.raises(UnsupportedMedium):
        asyncio.run(read_frame(FileSource.of(photo)))


def test_untransformed_rgb_is_not_taken_as_it_is() -> None:
    assert found_in(jpeg(keep_rgb=True)) is Reason.COLOURS


def test_a_damaged_photo_is_not_taken_as_it_is() -> None:
    assert found_in(jpeg()[:-300]) is Reason.DAMAGED


def test_a_photo_with_a_false_marker_in_its_picture_data_is_never_called_original() -> None:
    spoilt = (shared_files.cases() / "media" / "rst_one_spoilt_byte.jpg").read_bytes()
    assert found_in(spoilt) is Reason.DAMAGED
    whole = jpeg(quality=95)
    begin = whole.index(b"\xff\xda") + 14
    for at in range(begin, len(whole) - 4, 7):
        for marker in (b"\xff\xd9", b"\xff\xfe", b"\xff\xe1"):
            assert found_in(whole[:at] + marker + whole[at + 2 :]) is Reason.DAMAGED, at


def test_a_photo_without_its_end_gets_one() -> None:
    whole = jpeg()
    found = found_in(whole[:-2] + b"SEFH a private note of Jane Sample SEFT")
    assert isinstance(found, Fit)
    source = CleanedSource(FileSource.of(whole[:-2] + b"SEFH a private note of Jane Sample SEFT"), found.cleaned)
    assert asyncio.run(source.read(0, source.size)) == whole


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"patient": Patient("Zoë Müller-Łukasz", "1970-01-31", "MRN 1")}, {"PatientName": "Zoë Müller-Łukasz"}),
        ({"patient": Patient("山田 太郎")}, {"PatientName": "山田 太郎", "PatientBirthDate": "", "PatientID": ""}),
        ({"patient": Patient()}, {"PatientName": "", "PatientID": "", "PatientBirthDate": "", "PatientSex": ""}),
        ({"patient": Patient("Doe^Jane\\x=y")}, {"PatientName": "Doe Jane x y"}),
        ({"patient": Patient("N" * 200)}, {"PatientName": "N" * 58 + " [...]"}),
        (
            {"patient": Patient("Ann", None, "9" * 65)},
            {"PatientID": "", "PatientComments": "Record number: " + "9" * 65},
        ),
        ({"patient": Patient("Ann", None, "A\\B")}, {"PatientID": "", "PatientComments": "Record number: A\\B"}),
        ({"author": Author("Dr A", "a@b.example", "Klinik " + "x" * 150)}, {"OperatorsName": "Dr A"}),
        ({"body_site": "Unterarm", "laterality": Laterality.RIGHT}, {"ImageLaterality": "R", "BodyPartExamined": "FOREARM"}),
        ({"body_site": "beside the scar\\old", "laterality": None}, {"SeriesDescription": "beside the scar/old"}),
        ({"captured_at": "2026-11-22T23:59:59-03:30"}, {"StudyDate": "20261122", "TimezoneOffsetFromUTC": "-0330"}),
        ({"captured_at": "2026-01-01T00:00:00Z"}, {"StudyTime": "000000", "TimezoneOffsetFromUTC": "+0000"}),
    ],
    ids=lambda value: "" if "PatientName" in value else None,
)  # fmt: skip
def test_the_facts_are_written_as_dicom_wants_them(facts: Any, expected: dict[str, str], tmp_path: Path) -> None:
    content, _ = dicom(jpeg(), **facts)
    faultless(content, tmp_path)
    data = read(content)
    assert {name: str(data.get(name)) for name in expected} == expected


def test_without_a_known_region_there_is_no_code() -> None:
    data = read(dicom(jpeg(), body_site="the usual place", laterality=Laterality.LEFT)[0])
    assert "AnatomicRegionSequence" not in data
    assert "BodyPartExamined" not in data
    assert data.ImageLaterality == "L"
    assert data.SeriesDescription == "the usual place, left"


def test_words_and_side_that_contradict_each_other_give_no_side() -> None:
    data = read(dicom(jpeg(), body_site="left forearm", laterality=Laterality.RIGHT)[0])
    assert "ImageLaterality" not in data
    assert "AnatomicRegionSequence" not in data


def test_every_region_has_its_code() -> None:
    assert set(CODES) == set(Region)


@pytest.mark.parametrize("notes", ["ü" * 20_000, "line\r\nline\n" * 1000, "control \x01\x1b characters"])
def test_long_notes_are_cut_where_dicom_ends(notes: str, tmp_path: Path) -> None:
    content, _ = dicom(jpeg(), notes=notes)
    faultless(content, tmp_path)
    comments = str(read(content).ImageComments)
    sent = "Sent by Dr Ruth Abara, ruth.abara@clinic.example, Harbour Clinic."
    assert comments.startswith(f"{sent}\r\n\r\nRand\r\n\r\n" + notes[:4])
    assert len(comments.encode()) <= words.LT_BYTES
    assert (len(notes) > words.LT_BYTES) == comments.endswith("[...]")


CLAIMED = "Dr Ruth Abara, ruth.abara@clinic.example, Harbour Clinic"
KEY_MADE = "Key created for Eve, eve@elsewhere.example, Ward 3. Nobody has confirmed that this file is theirs."
EVE = Sender("e" * 26, "Eve", "eve@elsewhere.example", "Ward 3")


@pytest.mark.parametrize(
    ("provenance", "operator", "institution", "comment"),
    [
        (
            Provenance(EVE, "index", confirmed=True),
            "Eve",
            "Ward 3",
            f"Sent by Eve, eve@elsewhere.example, Ward 3. The report names another author, which nobody has confirmed: {CLAIMED}.",
        ),
        (
            Provenance(EVE, "file", confirmed=False),
            "",
            "None",
            f"{KEY_MADE} The report names another author, which nobody has confirmed: {CLAIMED}.",
        ),
        (
            Provenance(None, "file", confirmed=False),
            "",
            "None",
            f"No server says who sent this. The report names as its author, which nobody has confirmed: {CLAIMED}.",
        ),
    ],
    ids=["another sender", "a file that another recipient may have made", "nobody knows"],
)
def test_the_author_that_a_report_claims_never_stands_where_its_sender_does(
    provenance: Provenance, operator: str, institution: str, comment: str, tmp_path: Path
) -> None:
    found = found_in(jpeg())
    assert isinstance(found, Fit)
    report = described(REPORT_ID, [MadeFile("image/jpeg", jpeg())])[0]
    content = head(report, 0, found.pixels, provenance) + jpeg() + tail(found.pixels)
    data = read(content)
    assert (str(data.OperatorsName), str(data.get("InstitutionName"))) == (operator, institution)
    # First, so that no caption or note can say it before, or push it out of what the value holds.
    assert str(data.ImageComments).startswith(comment)


def test_another_program_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "photo.dcm"
    path.write_bytes(dicom(jpeg(), patient=Patient("Zoë Müller"))[0])
    said = dumped(path)
    assert "[Zoë Müller]" in said
    assert "=VLPhotographicImageStorage" in said
    assert "(7fe0,0010) OB (PixelSequence #=2)" in said


def test_saving_twice_gives_the_same_instance_and_other_photos_others() -> None:
    photos = [MadeFile("image/jpeg", jpeg()), MadeFile("image/jpeg", jpeg())]
    report: Report = described(REPORT_ID, photos)[0]
    found = found_in(jpeg())
    assert isinstance(found, Fit)
    sender = author_of(report)
    assert head(report, 0, found.pixels, sender) == head(report, 0, found.pixels, sender)
    first, second = (read(head(report, index, found.pixels, sender) + jpeg() + tail(found.pixels)) for index in (0, 1))
    assert (first.StudyInstanceUID, first.SeriesInstanceUID) == (second.StudyInstanceUID, second.SeriesInstanceUID)
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)
    anew = read(head(report, 0, replace(found.pixels, reason=Reason.ORIENTATION), sender) + jpeg() + tail(found.pixels))
    assert len({first.SOPInstanceUID, second.SOPInstanceUID, anew.SOPInstanceUID}) == 3
    assert all(each.SOPInstanceUID.is_valid for each in (first, second, anew))
    assert list(anew.ImageType) == ["DERIVED", "PRIMARY"]
    assert "upright" in anew.DerivationDescription
