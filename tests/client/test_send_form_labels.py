"""Sending, as far as it needs no browser: what fits, what the last look says, what becomes of what was typed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picsafe_client.i18n.texts import t
from picsafe_client.screens.compose.details_form import line, visible
from picsafe_client.screens.compose.review import (
    compared_words,
    consent_words,
    files_words,
    patient_words,
    removed_words,
    site_words,
)
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.sending.package_builder import FACTS_BYTES, FILE_FACTS_BYTES, fits
from picsafe_client.sending.thumbnails import DrawnThumbnail
from picsafe_media import Cleaned, Description, Keep, Kind, Removal
from picsafe_media.comparison import Comparison
from picsafe_protocol.contracts.limits import MEDIA_COUNT, MEDIA_FILE_BYTES, PACKAGE_BYTES, THUMBNAIL_BYTES
from picsafe_protocol.format import composing
from picsafe_protocol.format.composing import ReportDetails, report_of
from picsafe_protocol.format.consent import ConsentRecord, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.package import Header, package_size
from picsafe_protocol.format.payload import plan_payload
from picsafe_protocol.format.report import Author, Laterality, Patient
from picsafe_protocol.json.timestamps import parse_time

HEADER = Header("a" * 26, "https://keys.clinic.example/" + "k" * 400, "b" * 26, "2026-11-22T00:15:30Z")


def prepared(
    size: int,
    kind: Kind = "photo",
    media_type: str = "image/jpeg",
    *removed: Removal,
    picture: int = 0,
    comparison: Comparison = Comparison.SAME,
) -> PreparedFile:
    """A file of `size` bytes with a small picture of `picture` bytes."""
    cleaned = Cleaned(Description(kind, media_type, "jpg", width=640, height=480), (Keep(0, size),), removed, ())
    preview = DrawnThumbnail(None, 0, composing.ThumbnailInfo(picture, "0" * 64, 320, 240)) if picture else None
    return PreparedFile("IMG_1.jpg", None, cleaned, "0" * 64, 0, preview, comparison)


def true_size(files: list[PreparedFile]) -> int:
    """The package that really becomes of these files, with the longest facts that there may be."""
    facts = ReportDetails(
        patient=Patient("\U0001f600" * 200, None, ""), notes="\U0001f600" * 20_000, body_site="x" * 200
    )
    media = [file.medium(number) for number, file in enumerate(files, 1)]
    now = parse_time("2026-11-22T00:15:30Z")
    report = report_of(HEADER.report_id, Author("n" * 200, "e@" + "x" * 200, "i" * 200), facts, media, now)
    crc32s = {each.path: 0 for each in report.files()}
    return package_size(HEADER.to_bytes(), plan_payload(report, crc32s).size)


@pytest.mark.parametrize(
    "files",
    [
        [prepared(1)],
        [prepared(MEDIA_FILE_BYTES, picture=THUMBNAIL_BYTES)],
        [prepared(8_000_000, picture=THUMBNAIL_BYTES)] * MEDIA_COUNT,
    ],
    ids=["one byte", "one file as large as can be", "as many as can be"],
)
def test_what_is_said_to_fit_does(files: list[PreparedFile]) -> None:
    assert fits(files)
    assert true_size(files) <= PACKAGE_BYTES


def test_what_is_just_too_much_is_refused_although_the_estimate_is_careful() -> None:
    half = prepared(PACKAGE_BYTES // 2)
    assert not fits([half, half])
    room = PACKAGE_BYTES - true_size([half, prepared(1)])
    largest = prepared(room - FACTS_BYTES - 2 * FILE_FACTS_BYTES - room // 1000 - 70_000)
    assert fits([half, largest])
    assert true_size([half, largest]) <= PACKAGE_BYTES
    assert not fits([half, prepared(room + 1)])


# What was typed


@pytest.mark.parametrize(
    ("typed", "one_line", "lines"),
    [
        ("Edda Lindqvist", "Edda Lindqvist", "Edda Lindqvist"),
        ("  Edda \t Lindqvist ", "Edda Lindqvist", "Edda \t Lindqvist"),
        ("First\nSecond", "First Second", "First\nSecond"),
        ("a\x00b\x07c\x1b[31m\x7f\x85", "abc[31m", "abc[31m"),
        ("Zo\u00eb \u202eright to left", "Zo\u00eb \u202eright to left", "Zo\u00eb \u202eright to left"),
        ("half \ud83d of a character", "half of a character", "half  of a character"),
        ("one\u2028two\u2029three", "onetwothree", "onetwothree"),
        ("\x00\n\t ", "", ""),
    ],
)
def test_what_cannot_be_seen_is_not_sent(typed: str, one_line: str, lines: str) -> None:
    assert line(typed) == one_line
    assert visible(typed) == lines


# The last look


def test_the_patient_in_words() -> None:
    facts = ReportDetails(patient=Patient("Edda Lindqvist", "1970-01-31", "MRN 1"))
    assert patient_words(facts) == "Edda Lindqvist, born 31 Jan 1970, hospital or NHS number MRN 1"
    assert patient_words(replace(facts, patient=Patient(record_number="MRN 1"))) == "hospital or NHS number MRN 1"


def test_the_files_in_words() -> None:
    files = [prepared(1_000_000), prepared(2_000_000), prepared(500_000, "video", "video/mp4"), prepared(1000, "audio", "audio/wav")]  # fmt: skip
    assert files_words(files) == "2 photos, 1 video and 1 sound, 3.5 MB"
    assert files_words(files[:1]) == "1 photo, 1 MB"


@pytest.mark.parametrize(
    ("site", "side", "words"),
    [
        ("Heel", Laterality.LEFT, "Heel, left"),
        ("Heel", Laterality.BOTH, "Heel, both sides"),
        ("Heel", Laterality.NONE, "Heel"),
        ("Heel", None, "Heel"),
        ("", Laterality.RIGHT, "right"),
        ("", None, ""),
    ],
)
def test_the_site_in_words(site: str, side: Laterality | None, words: str) -> None:
    assert site_words(ReportDetails(patient=Patient("E"), body_site=site, laterality=side)) == words


RECORD = ConsentRecord(
    recorded_at="2026-11-22T00:10:00Z",
    status=Status.GIVEN,
    giver=Giver(GiverRole.PATIENT),
    method=Method.VERBAL,
    purposes=frozenset({Purpose.TREATMENT, Purpose.NAMED_PUBLICATION}),
    publication="Burns, 2026",
)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "Not recorded"),
        (RECORD, "Verbally, by the patient; for treatment and a named publication (Burns, 2026)"),
        (replace(RECORD, purposes=frozenset()), "Verbally, by the patient; for no purpose"),
        (
            replace(
                RECORD, giver=Giver(GiverRole.SUBSTITUTE_DECISION_MAKER, "Olaf L."), purposes=frozenset({Purpose.AUDIT})
            ),
            "Verbally, by Olaf L. (substitute decision maker); for audit",
        ),
    ],
)
def test_consent_in_words(record: ConsentRecord | None, words: str) -> None:
    assert consent_words(record) == words


def test_what_was_removed_is_said_once() -> None:
    files = [
        prepared(1, "photo", "image/jpeg", Removal.GPS, Removal.DEVICE),
        prepared(1, "photo", "image/jpeg", Removal.GPS, Removal.XMP),
    ]
    assert removed_words(files) == [each.sentence for each in (Removal.GPS, Removal.DEVICE, Removal.XMP)]


def test_the_last_look_says_which_copies_were_not_compared() -> None:
    """Those that look the same are one line; each other file is named, with the reason."""
    same, film = prepared(1), prepared(1, "video", comparison=Comparison.NO_PICTURE)
    assert compared_words([same, same]) == ["Each file that is sent looks the same as the original."]
    assert compared_words([same, film])[0] == "1 file looks the same as the original."
    assert compared_words([film]) == [f"IMG_1.jpg: {t('compared.no_picture')}"]


@pytest.mark.parametrize("comparison", Comparison)
def test_every_comparison_has_words_here_and_on_the_command_line(comparison: Comparison) -> None:
    assert t(f"compared.{comparison.value}").endswith(".")
    assert comparison.sentence.endswith(".")
