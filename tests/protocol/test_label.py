"""The sealed label: what it holds, whom it opens for, and every way in which it may be false."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from harness.package_examples import REPORT_ID, report
from harness.report_strategies import reports
from hypothesis import given

from picsafe_protocol.contracts.errors import (
    InvalidKey,
    PicSafeError,
    ReportInvalid,
    Tampered,
    UnsupportedVersion,
    WrongKey,
)
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import LABEL_NOTES_CHARACTERS, NAME_CHARACTERS
from picsafe_protocol.crypto import chunked
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.format.label import PADDED_SIZES, SEALED_LABEL_SIZES, Label, label_key, open_label, seal_label
from picsafe_protocol.format.report import Patient, Report

KEY_ID = new_identifier()
REPORT_KEY = bytes(range(32))
KEY = label_key(REPORT_KEY, REPORT_ID, KEY_ID)


def sealed(label: Label, key: bytes = KEY, report_id: str = REPORT_ID, key_id: str = KEY_ID) -> bytes:
    return asyncio.run(seal_label(label, key, report_id, key_id, AesGcm()))


def opened(data: bytes, key: bytes = KEY, report_id: str = REPORT_ID, key_id: str = KEY_ID) -> Label:
    return asyncio.run(open_label(data, key, report_id, key_id, AesGcm()))


@given(reports())
def test_every_report_has_a_label_that_opens_again(made: tuple[Report, dict[str, bytes]]) -> None:
    label = Label.of(made[0])
    assert opened(sealed(label)) == label
    assert label.photos + label.videos + label.recordings == len(made[0].media)


def test_the_longest_facts_fit() -> None:
    longest = "\U0001f600" * NAME_CHARACTERS
    patient = Patient(longest, "1970-01-31", longest)
    label = Label.of(replace(report(), patient=patient, body_site=longest, notes=longest * 2))
    assert len(label.notes) == LABEL_NOTES_CHARACTERS
    assert len(sealed(label)) == SEALED_LABEL_SIZES[-1]


@pytest.mark.parametrize(
    ("notes", "first"),
    [
        ("", ""),
        ("One line", "One line"),
        ("\n \t\n  Second line \nthird", "Second line"),
        ("tab\tinside", "tab inside"),
        ("x" * LABEL_NOTES_CHARACTERS, "x" * LABEL_NOTES_CHARACTERS),
        ("x" * (LABEL_NOTES_CHARACTERS + 1), "x" * (LABEL_NOTES_CHARACTERS - 1) + "…"),
    ],
)
def test_notes_are_their_first_line(notes: str, first: str) -> None:
    assert Label.of(replace(report(), notes=notes)).notes == first


def test_its_size_tells_nothing_of_ordinary_names() -> None:
    sizes = {len(sealed(Label.of(replace(report(), patient=Patient("x" * count))))) for count in range(1, 60)}
    assert sizes == {SEALED_LABEL_SIZES[0]}


def test_a_label_key_is_not_the_report_key_and_opens_no_package() -> None:
    package = chunked.encrypt(REPORT_KEY, b"payload", b"header")
    with pytest.raises(WrongKey):
        chunked.decrypt(KEY, package, b"header")
    assert label_key(REPORT_KEY, REPORT_ID, new_identifier()) != KEY
    assert label_key(REPORT_KEY, new_identifier(), KEY_ID) != KEY
    with pytest.raises(InvalidKey):
        label_key(b"short", REPORT_ID, KEY_ID)


def test_a_label_of_another_report_or_key_does_not_open() -> None:
    data = sealed(Label.of(report()))
    with pytest.raises(WrongKey):
        opened(data, report_id=new_identifier())
    with pytest.raises(WrongKey):
        opened(data, key_id=new_identifier())
    with pytest.raises(WrongKey):
        opened(data, key=label_key(bytes(32), REPORT_ID, KEY_ID))


def test_every_changed_byte_is_noticed() -> None:
    data = sealed(Label.of(report()))
    for index in range(len(data)):
        with pytest.raises((Tampered, WrongKey)):
            opened(data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :])


@pytest.mark.parametrize("size", [0, 1, SEALED_LABEL_SIZES[0] - 1, SEALED_LABEL_SIZES[0] + 1, 1 << 20])
def test_no_other_size_is_read(size: int) -> None:
    with pytest.raises(Tampered):
        opened(bytes(size))


def padded(value: object, size: int = PADDED_SIZES[0]) -> bytes:
    text = json.dumps(value).encode()
    return (len(text).to_bytes(2, "big") + text).ljust(size, b"\0")


GOOD = Label.of(report()).to_json()


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        bytes(PADDED_SIZES[0]),
        padded(GOOD)[:-1],
        padded(GOOD)[:-1] + b"x",
        b"\xff\xff" + padded(GOOD)[2:],
        padded([]),
        padded({**GOOD, "more": 1}),
        padded({key: value for key, value in GOOD.items() if key != "notes"}),
        padded({**GOOD, "notes": "two\nlines"}),
        padded({**GOOD, "photos": -1}),
        padded({**GOOD, "photos": True}),
        padded({**GOOD, "captured_at": "yesterday"}),
        padded({**GOOD, "format": "picsafe-report"}),
    ],
)
def test_what_is_not_a_label_is_refused(plaintext: bytes) -> None:
    with pytest.raises(ReportInvalid):
        Label.from_bytes(plaintext)


def test_a_later_version_says_so() -> None:
    with pytest.raises(UnsupportedVersion):
        Label.from_bytes(padded({**GOOD, "version": 2}))


def test_no_error_repeats_a_fact() -> None:
    secret = "Jo Citizen"
    for value in ({**GOOD, "patient": {"name": secret + "\n"}}, {**GOOD, secret: 1}, {**GOOD, "captured_at": secret}):
        with pytest.raises(PicSafeError) as refused:
            Label.from_bytes(padded(value))
        assert secret not in f"{refused.value} {refused.value.__dict__}"
