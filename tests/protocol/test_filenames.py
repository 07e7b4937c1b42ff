"""Names of saved files: readable, safe on every system, silent about the patient unless asked."""

from __future__ import annotations

import dataclasses
import re

import pytest
from harness.package_examples import REPORT_ID, report
from harness.report_factory import MadeFile, made_report
from harness.report_strategies import reports
from hypothesis import given
from hypothesis import strategies as st

from picsafe_protocol.format.filenames import medium_name, package_name, report_name, saved_names, slug
from picsafe_protocol.format.report import Laterality, Patient, Report


def test_a_medium_is_called_by_day_site_and_number() -> None:
    assert [medium_name(report(), index) for index in range(3)] == [
        "2026-11-22_left-forearm_1.jpg",
        "2026-11-22_left-forearm_2.mp4",
        "2026-11-22_left-forearm_3.m4a",
    ]
    assert report_name(report()) == "2026-11-22_left-forearm"
    assert package_name("2026-11-22T00:15:00Z", REPORT_ID) == "2026-11-22_aaaaaaaa.picsafe"


def test_the_patient_is_named_only_when_asked() -> None:
    assert medium_name(report(), 0, with_patient=True) == "2026-11-22_jo-citizen_left-forearm_1.jpg"
    assert report_name(report(), with_patient=True) == "2026-11-22_jo-citizen_left-forearm"


@pytest.mark.parametrize(
    ("site", "laterality", "name"),
    [
        ("forearm", Laterality.LEFT, "2026-11-22_left-forearm_1.jpg"),
        ("left forearm", Laterality.LEFT, "2026-11-22_left-forearm_1.jpg"),
        ("knees", Laterality.BOTH, "2026-11-22_both-knees_1.jpg"),
        ("back", Laterality.NONE, "2026-11-22_back_1.jpg"),
        ("back", None, "2026-11-22_back_1.jpg"),
        ("", Laterality.LEFT, "2026-11-22_photo_1.jpg"),
        ("", None, "2026-11-22_photo_1.jpg"),
        ("前腕", None, "2026-11-22_photo_1.jpg"),
    ],
)
def test_the_side_is_said_once(site: str, laterality: Laterality | None, name: str) -> None:
    assert medium_name(dataclasses.replace(report(), body_site=site, laterality=laterality), 0) == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Left Forearm", "left-forearm"),
        ("  knee -- (medial) ", "knee-medial"),
        ("Größe Fuß", "grosse-fuss"),
        ("Ærø Œuvre Łódź", "aero-oeuvre-lodz"),
        ("İstanbul", "istanbul"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\con.txt", "c-con-txt"),
        ("a\x00b", "a-b"),
        ("‮gpj.exe", "gpj-exe"),
        ("...", ""),
        ("", ""),
        ("x" * 100, "x" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_text_becomes_plain_words(text: str, expected: str) -> None:
    assert slug(text) == expected


@given(st.text(max_size=80))
def test_any_text_becomes_a_safe_name(text: str) -> None:
    named = dataclasses.replace(report(), body_site=text, patient=Patient(name=text))
    for name in (
        medium_name(named, 0),
        medium_name(named, 0, with_patient=True),
        report_name(named, with_patient=True),
    ):
        assert re.fullmatch(r"2026-11-22(_[a-z0-9]+(-[a-z0-9]+)*)+(\.jpg)?", name)
        assert len(name) <= 128


@given(reports())
def test_no_two_media_of_a_report_are_called_the_same(example: tuple[Report, dict[str, bytes]]) -> None:
    names = [medium_name(example[0], index) for index in range(len(example[0].media))]
    assert len(set(names)) == len(names)


def test_all_files_of_a_report_are_saved_under_names_of_their_own() -> None:
    made = made_report(
        [MadeFile("image/jpeg", b"1", thumbnail=b"t"), MadeFile("video/mp4", b"2")], signature=b"signature"
    )
    assert saved_names(made.report) == {
        "media/001.jpg": "2026-11-22_left-forearm_1.jpg",
        "media/002.mp4": "2026-11-22_left-forearm_2.mp4",
        "consent/001.png": "consent/001.png",
    }
    assert "edda-lindqvist" in saved_names(made.report, with_patient=True)["media/001.jpg"]
