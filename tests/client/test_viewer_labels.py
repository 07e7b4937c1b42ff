"""What the report screen says: every case has its words."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from harness.report_factory import MadeFile, described
from sample_messages import report_row

from picsafe_client.i18n.catalogue import CATALOGUE
from picsafe_client.screens.report_loader import state_error
from picsafe_client.screens.viewer import shortcuts
from picsafe_client.screens.viewer.details_panel import consent_words
from picsafe_client.screens.viewer.error_notice import MEANINGS, meaning
from picsafe_client.screens.viewer.labels import KIND_ICONS, TYPES, medium_label, site, type_name
from picsafe_client.screens.viewer.sender import Origin
from picsafe_client.screens.viewer.toolbar import OTHER_KEYS, TOOLS
from picsafe_client.ui import dom, preferences
from picsafe_protocol.contracts import errors
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.format.consent import ConsentRecord, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.files import MEDIA_TYPES
from picsafe_protocol.format.provenance import Provenance
from picsafe_protocol.format.report import Laterality, Report
from picsafe_protocol.json.messages import read

REPORT = described(
    new_identifier(), [MadeFile("image/jpeg", b"a"), MadeFile("audio/mp4", b"b", caption="Cough", duration=7)]
)[0]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_every_media_type_has_a_name(media_type: str) -> None:
    made = described(new_identifier(), [MadeFile(media_type, b"a")])[0]
    assert TYPES[media_type] in type_name(made.media[0])
    assert made.media[0].kind in KIND_ICONS


def test_a_medium_is_named_by_kind_number_length_and_caption() -> None:
    assert medium_label(REPORT, 0) == "Photo 1 of 2"
    assert medium_label(REPORT, 1) == "Recording 2 of 2, 0:07, Cough"


@pytest.mark.parametrize(
    ("place", "side", "words"),
    [
        ("forearm", Laterality.LEFT, "Forearm, left"),
        ("back", None, "Back"),
        ("", Laterality.BOTH, "both sides"),
        ("", None, ""),
        ("Ohr", Laterality.NONE, "Ohr, no side"),
    ],
)
def test_body_site_and_side(place: str, side: Laterality | None, words: str) -> None:
    assert site(replace(REPORT, body_site=place, laterality=side)) == words


@pytest.mark.parametrize("erased", [False, True], ids=["unknown", "erased"])
def test_a_sender_whom_no_server_names_is_called_unknown_and_not_by_the_claim(erased: bool) -> None:
    heading = Origin(Provenance(None, "file", confirmed=False, erased=erased), REPORT.author).heading()
    assert heading == CATALOGUE["report.sender_erased" if erased else "report.sender_unknown"]


@pytest.mark.parametrize("key", [f"report.purpose_{each.value}" for each in Purpose])
@pytest.mark.parametrize("prefix", ["report.method_", "report.giver_", "report.side_"])
def test_every_value_of_the_format_has_words(key: str, prefix: str) -> None:
    kinds: dict[str, type[Enum]] = {"report.method_": Method, "report.giver_": GiverRole, "report.side_": Laterality}
    assert key in CATALOGUE
    assert all(f"{prefix}{each.value}" in CATALOGUE for each in kinds[prefix])


def test_every_tool_and_every_key_has_words() -> None:
    assert all(f"report.tool_{tool.name}" in CATALOGUE for tool in TOOLS)
    assert all(text in CATALOGUE for _, text in OTHER_KEYS)


def consenting(**changes: Any) -> Report:
    record = ConsentRecord(
        "2026-11-22T00:10:00Z", Status.GIVEN, Giver(GiverRole.PATIENT), Method.VERBAL, frozenset({Purpose.TREATMENT})
    )
    return replace(REPORT, consent=(replace(record, **changes),))


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (replace(REPORT, consent=()), "No consent is recorded in this report."),
        (consenting(), "Given by the patient, verbally. For treatment."),
        (consenting(purposes=frozenset()), "Given by the patient, verbally. For nothing."),
        (
            consenting(purposes=frozenset(Purpose), giver=Giver(GiverRole.PARENT_OR_GUARDIAN, "Ada")),
            "Given by a parent or guardian (Ada), verbally. For treatment, teaching, audit, research and publication.",
        ),
    ],
)
def test_consent_in_one_sentence(report: Report, words: str) -> None:
    assert consent_words(report) == words


def test_withdrawn_consent_is_said_first() -> None:
    given = consenting().consent[0]
    withdrawn = replace(given, status=Status.WITHDRAWN, purposes=frozenset())
    assert consent_words(replace(REPORT, consent=(given, withdrawn))).startswith("Consent was withdrawn")


# What is said when a report does not open


def every_error(root: type[errors.PicSafeError] = errors.PicSafeError) -> list[type[errors.PicSafeError]]:
    return [root, *(each for child in root.__subclasses__() for each in every_error(child))]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.code)
def test_every_error_says_what_it_means_for_the_patient_data(kind: type[errors.PicSafeError]) -> None:
    assert meaning(kind()).endswith(".")


def test_a_wrong_key_does_not_say_that_the_file_is_another() -> None:
    assert "nothing proves that it is what the sender encrypted" in meaning(errors.WrongKey(), from_disk=True)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        *((what, "says nothing about the report itself") for what in errors.NotAsSent.said if what != "sender"),
        (None, "says nothing about the report itself"),
        ("sender", "the servers do not agree on who sent it"),
    ],
)
def test_what_is_not_as_sent_means_what_it_is(what: str | None, words: str) -> None:
    """Bytes that a network changed accuse nobody. A sender of whom the servers say different things does."""
    assert words in meaning(errors.NotAsSent(what=what))


def test_a_report_without_its_digest_is_not_called_intact() -> None:
    assert "nothing proves that it is what the sender encrypted" in meaning(errors.DigestMissing())


def test_every_meaning_has_words() -> None:
    assert all(key in CATALOGUE for _, key in MEANINGS)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("expired", errors.ReportExpired),
        ("withdrawn", errors.KeyRevoked),
        ("draft", errors.NotFound),
        ("available", None),
    ],
)
def test_the_state_of_a_report_says_why_it_does_not_open(state: str, kind: type[errors.PicSafeError] | None) -> None:
    error = state_error(read(ReportView, report_row(state=state)))
    assert error is None if kind is None else isinstance(error, kind)


# Keys


class Element:
    """Where a key goes to: inside elements that match `within`."""

    def __init__(self, *within: str) -> None:
        self.within = within

    def closest(self, selector: str) -> bool:
        return any(each in selector for each in self.within)


def pressed(
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    *within: str,
    dialogue: bool = False,
    letters: bool = True,
    **held: bool,
) -> Any:
    monkeypatch.setattr(preferences, "stored", lambda name: name == preferences.NO_LETTER_KEYS and not letters)
    page = SimpleNamespace(querySelector=lambda _selector: dialogue)
    monkeypatch.setattr(dom, "document", lambda: page)
    modifiers = {"ctrlKey": False, "metaKey": False, "altKey": False, "shiftKey": False, "isComposing": False}
    return shortcuts.action_for(SimpleNamespace(key=key, target=Element(*within), **{**modifiers, **held}))


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("ArrowRight", "next"),
        ("ArrowUp", "previous"),
        ("Home", "first"),
        ("S", "save"),
        ("s", "save"),
        ("=", "zoom_in"),
        ("?", "help"),
        (" ", "play"),
        ("Escape", "escape"),
        ("x", None),
        ("Tab", None),
        ("Enter", None),
    ],
)
def test_keys_and_what_they_do(monkeypatch: pytest.MonkeyPatch, key: str, action: str | None) -> None:
    assert pressed(monkeypatch, key) == action


def test_shift_with_an_arrow_looks_around(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pressed(monkeypatch, "ArrowLeft", shiftKey=True) == (-1, 0)


@pytest.mark.parametrize(
    ("key", "within", "held"),
    [
        ("s", (), {"ctrlKey": True}),
        ("p", (), {"metaKey": True}),
        ("ArrowLeft", (), {"altKey": True}),
        ("s", ("textarea",), {}),
        ("ArrowRight", ("video",), {}),
        (" ", ("video",), {}),
        (" ", ("button",), {}),
        ("ArrowDown", (".facts-panel",), {}),
        ("End", (".facts-panel",), {}),
    ],
)  # fmt: skip
def test_keys_that_belong_to_somebody_else(
    monkeypatch: pytest.MonkeyPatch, key: str, within: tuple[str, ...], held: dict[str, bool]
) -> None:
    assert pressed(monkeypatch, key, *within, **held) is None


def selects(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    selection = SimpleNamespace(toString=lambda: text)
    monkeypatch.setattr(dom, "window", lambda: SimpleNamespace(getSelection=lambda: selection))


def test_ctrl_c_copies_the_photo_unless_text_is_selected_or_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    selects(monkeypatch, "")
    assert pressed(monkeypatch, "c", ctrlKey=True) == "copy"
    assert pressed(monkeypatch, "C", metaKey=True) == "copy"
    assert pressed(monkeypatch, "c", "textarea", ctrlKey=True) is None
    assert pressed(monkeypatch, "c", ctrlKey=True, shiftKey=True) is None
    assert pressed(monkeypatch, "c", ctrlKey=True, letters=False) == "copy"
    selects(monkeypatch, "MRN 00412")
    assert pressed(monkeypatch, "c", ctrlKey=True) is None


def test_single_characters_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("s", "j", "+", "0", "?"):
        assert pressed(monkeypatch, key, letters=False) is None
    for key in ("ArrowRight", "Escape", "Home", " "):
        assert pressed(monkeypatch, key, letters=False) is not None


def test_no_key_works_behind_a_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pressed(monkeypatch, "s", dialogue=True) is None


@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowRight", "s"])
def test_the_facts_leave_the_other_keys_alone(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    assert pressed(monkeypatch, key, ".facts-panel") is not None
