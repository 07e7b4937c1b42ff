"""Filters and order of a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from picsafe_client.session.list_options import ListOptions, Viewpoint, selected
from picsafe_client.session.patients import Patients
from picsafe_protocol.contracts.api.reports import Addressee, Filing, ReportView, Sender
from picsafe_protocol.format.label import Label
from picsafe_protocol.format.report import Patient

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ME = "me"
FILED = [Filing("Bo", "bo@clinic.example", None, "2026-12-01T11:00:00Z")]
PLAIN = ReportView(
    id="plain", state="available", box="inbox", sender=Sender("ada", "Ada", "ada@clinic.example", None),
    recipients=[Addressee(ME, "Me", "me@clinic.example", None)], region="uk", size=1, digest=None,
    created_at="2026-11-30T10:00:00Z", available_at="2026-11-30T10:00:00Z", expires_at="2026-12-07T10:00:00Z",
    unread=True, opened_at=None, collected_at=None, cloud_url="", keyserver_url="", labelled=True, withdrawn_at=None,
    done_at=None, filed=[],
)  # fmt: skip


def named(id_: str, **changes: Any) -> ReportView:
    return replace(PLAIN, id=id_, **changes)


REPORTS = [
    named("mine", sender=Sender(ME, "Me", "me@clinic.example", None)),
    named("read", unread=False),
    named("done", done_at="2026-12-01T11:00:00Z"),
    named("filed", filed=FILED),
    named("collected", collected_at="2026-12-01T11:00:00Z"),
    named("ending", expires_at="2026-12-03T11:59:59Z"),
    named("withdrawn", state="withdrawn", withdrawn_at="2026-12-01T11:00:00Z"),
    named("opened", recipients=[Addressee(ME, "Me", "me@clinic.example", "2026-12-01T11:00:00Z")]),
]


def shown(options: ListOptions, patients: Patients | None = None) -> list[str]:
    return [each.id for each in selected(REPORTS, options, Viewpoint(ME, NOW, patients or Patients()))]


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("unread", {"read", "done", "withdrawn"}),
        ("not_done", {"done"}),
        ("not_filed", {"filed", "collected", "withdrawn"}),
        ("not_opened", {"opened", "withdrawn"}),
        ("from_me", {each.id for each in REPORTS} - {"mine"}),
        ("expiring", {each.id for each in REPORTS} - {"ending"}),
    ],
)
def test_a_filter_leaves_out_what_it_says(name: Any, left_out: set[str]) -> None:
    assert {each.id for each in REPORTS} - set(shown(ListOptions(frozenset({name})))) == left_out


def test_every_filter_has_to_be_met() -> None:
    assert "read" not in shown(ListOptions(frozenset({"unread", "not_filed"})))
    assert "filed" not in shown(ListOptions(frozenset({"unread", "not_filed"})))


def test_the_order() -> None:
    ids = [each.id for each in REPORTS]
    assert shown(ListOptions()) == ids
    assert shown(ListOptions(sort="oldest")) == ids[::-1]
    by_end = shown(ListOptions(sort="expiring"))
    assert (by_end[0], by_end[-1]) == ("ending", "withdrawn")
    patients = Patients()
    patients.learn({"read": label("Zoe"), "filed": label("adam"), "mine": label("Bea")})
    assert shown(ListOptions(sort="patient"), patients)[:3] == ["filed", "mine", "read"]


def label(name: str) -> Label:
    return Label(Patient(name, None, ""), "2026-11-30T10:00:00Z", photos=1, videos=0, recordings=0)
