"""What a session knows of whose reports the lists show, and how labels become that."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from sample_messages import entry_proof, numbered, report_row

from picsafe_client.errors import Cancelled
from picsafe_client.reports.label_reader import LabelReader, ReadLabels
from picsafe_client.session.patients import Patients
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import NotSignedIn, Unreachable
from picsafe_protocol.contracts.limits import LABELS_AT_ONCE
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.format.label import Label, label_key, seal_label
from picsafe_protocol.format.report import Author, Laterality, Medium, Patient, Report
from picsafe_protocol.json.messages import read

pytestmark = pytest.mark.anyio

HERE, THERE, NOWHERE = "https://a.example/keys", "https://b.example/keys", "https://c.example/keys"


def key_of(report_id: str) -> tuple[str, bytes]:
    """The number of a report's key, and the key."""
    return report_id[::-1], report_id.encode().ljust(32, b"k")[:32]


def label(name: str = "Edda Lindqvist", **changes: Any) -> Label:
    facts: dict[str, Any] = {
        "photos": 2,
        "videos": 0,
        "recordings": 1,
        "body_site": "forearm",
        "laterality": Laterality.LEFT,
    }
    return Label(Patient(name, "1970-01-31", "MRN 00412"), "2026-11-22T10:15:00+10:00", **(facts | changes))


def row(number: int, keyserver_url: str = HERE) -> ReportView:
    return read(ReportView, report_row(id=numbered(number), keyserver_url=keyserver_url, labelled=True))


class FakeServers:
    """A user server and key servers with the labels of reports; `down` and `refused` say what is not given."""

    def __init__(self) -> None:
        self.labels: dict[str, bytes] = {}
        self.calls: list[tuple[str, int]] = []
        self.down: dict[str, Exception] = {}
        self.refused: dict[str, str] = {}
        self.key_ids: dict[str, str] = {}
        self.extra_keys: list[str] = []

    async def seal(self, *reports: ReportView) -> None:
        for report in reports:
            key_id, raw = key_of(report.id)
            key = label_key(raw, report.id, key_id)
            self.labels[report.id] = await seal_label(label(f"Patient {report.id}"), key, report.id, key_id, AesGcm())

    def _asked(self, url: str, body: Mapping[str, Any]) -> list[str]:
        ids: list[str] = body["report_ids"]
        assert len(ids) <= LABELS_AT_ONCE
        self.calls.append((url, len(ids)))
        if url in self.down:
            raise self.down[url]
        return ids

    async def users(self, method: str, path: str, body: Any = None, *, signal: Any = None) -> Any:
        assert (method, path) == ("POST", "/v1/reports/labels")
        ids = self._asked("users", body)
        found = {each: self.labels[each] for each in ids if each in self.labels}
        return {"labels": [{"report_id": each, "label": base64.b64encode(raw).decode()} for each, raw in found.items()]}

    async def user_token(self, audience: str, *, signal: Any = None) -> str:
        return f"token for {audience}"

    async def keys(self, url: str, method: str, path: str, token: str, body: Any = None, *, signal: Any = None) -> Any:
        assert (method, path, token) == ("POST", "/v1/labels/release", f"token for {url}")
        ids = self._asked(url, body)
        given = [each for each in ids if each not in self.refused] + self.extra_keys
        return {
            "keys": [self._key(each) for each in given],
            "refused": [{"report_id": each, "code": self.refused[each]} for each in ids if each in self.refused],
        }

    def _key(self, report_id: str) -> dict[str, Any]:
        key_id, raw = key_of(report_id)
        text = base64.urlsafe_b64encode(label_key(raw, report_id, key_id)).decode().rstrip("=")
        shown = self.key_ids.get(report_id, key_id)
        return {"report_id": report_id, "key_id": shown, "key": text, "entry": entry_proof()}


@pytest.fixture
def servers() -> FakeServers:
    return FakeServers()


async def read_all(servers: FakeServers, *reports: ReportView) -> ReadLabels:
    return await LabelReader(servers, AesGcm(), [HERE, THERE]).read(reports)


def names(found: ReadLabels) -> dict[str, str]:
    return {each: said.patient.name for each, said in found.labels.items()}


async def test_labels_of_many_reports_cost_one_request_to_each_server(servers: FakeServers) -> None:
    rows = [row(number, HERE if number % 2 else THERE) for number in range(50)]
    await servers.seal(*rows)
    found = await read_all(servers, *rows)
    assert names(found) == {each.id: f"Patient {each.id}" for each in rows}
    assert sorted(servers.calls) == [(HERE, 25), (THERE, 25), ("users", 50)]


async def test_more_than_one_request_takes_are_read_in_turn(servers: FakeServers) -> None:
    rows = [row(number) for number in range(LABELS_AT_ONCE + 1)]
    await servers.seal(*rows)
    assert len((await read_all(servers, *rows)).labels) == LABELS_AT_ONCE + 1
    assert sorted(servers.calls) == [(HERE, 1), (HERE, LABELS_AT_ONCE), ("users", 1), ("users", LABELS_AT_ONCE)]


async def test_what_is_refused_or_away_does_not_hide_the_others(servers: FakeServers) -> None:
    one, refused, there, unlabelled = row(1), row(2), row(3, THERE), row(4)
    await servers.seal(one, refused, there)
    servers.refused[refused.id] = "key_revoked"
    servers.down[THERE] = Unreachable()
    found = await read_all(servers, one, refused, there, unlabelled)
    assert set(found.labels) == {one.id}
    assert found.failures == {refused.id: "key_revoked", there.id: "unreachable", unlabelled.id: "not_found"}


async def test_a_user_server_that_is_away_leaves_every_label_unread(servers: FakeServers) -> None:
    servers.down["users"] = Unreachable()
    assert (await read_all(servers, row(1))).failures == {row(1).id: "unreachable"}


async def test_attack_a_row_that_names_a_stranger_s_key_server_causes_no_request(servers: FakeServers) -> None:
    report = row(1, NOWHERE)
    await servers.seal(report)
    found = await read_all(servers, report)
    assert (found.labels, found.failures, servers.calls) == ({}, {report.id: "key_server_not_allowed"}, [])


async def test_attack_the_user_server_swaps_the_labels_of_two_reports(servers: FakeServers) -> None:
    one, other, untouched = row(1), row(2), row(3)
    await servers.seal(one, other, untouched)
    servers.labels[one.id], servers.labels[other.id] = servers.labels[other.id], servers.labels[one.id]
    found = await read_all(servers, one, other, untouched)
    assert set(found.labels) == {untouched.id}
    assert found.failures == {one.id: "wrong_key", other.id: "wrong_key"}


@pytest.mark.parametrize("change", [lambda raw: raw[:-1], lambda raw: raw + b"\x00", lambda raw: raw[:-1] + b"\xff"])
async def test_attack_a_label_that_was_cut_padded_or_changed(servers: FakeServers, change: Any) -> None:
    one, untouched = row(1), row(2)
    await servers.seal(one, untouched)
    servers.labels[one.id] = change(servers.labels[one.id])
    found = await read_all(servers, one, untouched)
    assert (set(found.labels), found.failures) == ({untouched.id}, {one.id: "tampered"})


async def test_attack_a_key_server_says_another_key_s_number(servers: FakeServers) -> None:
    one = row(1)
    await servers.seal(one)
    servers.key_ids[one.id] = key_of(row(2).id)[0]
    assert (await read_all(servers, one)).failures == {one.id: "wrong_key"}


async def test_attack_a_key_server_answers_for_the_reports_of_another(servers: FakeServers) -> None:
    here, there = row(1, HERE), row(2, THERE)
    await servers.seal(here, there)
    servers.down[THERE] = Unreachable()
    servers.extra_keys = [there.id]
    found = await read_all(servers, here, there)
    assert (set(found.labels), found.failures) == ({here.id}, {there.id: "unreachable"})


@pytest.mark.parametrize("error", [NotSignedIn(), Cancelled()])
@pytest.mark.parametrize("where", ["users", HERE])
async def test_a_session_that_ended_and_a_stop_are_no_failures(
    servers: FakeServers, error: Exception, where: str
) -> None:
    servers.down[where] = error
    with pytest.raises(type(error)):
        await read_all(servers, row(1))


# What the session keeps


def report_of(said: Label, report_id: str) -> Report:
    media = (
        Medium("media/001.jpg", "image/jpeg", 1, "ab" * 32),
        Medium("media/002.jpg", "image/jpeg", 1, "ab" * 32),
        Medium("media/003.m4a", "audio/mp4", 1, "ab" * 32),
    )
    return Report(
        report_id=report_id,
        created_at="2026-11-22T00:15:00Z",
        captured_at=said.captured_at,
        author=Author("Ana", "ana@clinic.example", None),
        patient=said.patient,
        media=media,
        notes=said.notes,
        body_site=said.body_site,
        laterality=said.laterality,
    )


def test_an_opened_report_replaces_its_label_and_a_difference_is_returned() -> None:
    patients, said = Patients(), label()
    patients.learn({"a": said, "b": said})
    assert patients.opened(report_of(said, "a")) is None
    assert patients.opened(report_of(label("Nils Åkesson"), "b")) == said
    assert patients.name("b") == "Nils Åkesson"
    patients.learn({"b": said})  # a label that comes late
    assert patients.name("b") == "Nils Åkesson"
    assert patients.opened(report_of(said, "c")) is None


def test_a_lock_forgets_everything_and_what_was_on_its_way() -> None:
    patients = Patients()
    turn = patients.turn
    patients.learn({"a": label()}, {"b": "unreachable"})
    patients.opened(report_of(label(), "c"))
    patients.forget()
    assert [patients.of(each) for each in "abc"] == [None] * 3
    assert (patients.failure("b"), patients.is_opened("c"), patients.turn) == (None, False, turn + 1)


def test_a_failure_is_forgotten_when_the_label_is_read_after_all() -> None:
    patients = Patients()
    patients.learn({}, {"a": "unreachable"})
    assert patients.failure("a") == "unreachable"
    patients.learn({"a": label()})
    assert patients.failure("a") is None
    patients.learn({}, {"a": "unreachable"})
    assert patients.failure("a") is None


def test_a_report_with_only_a_number_is_titled_by_the_number() -> None:
    patients = Patients()
    patients.learn({"a": label(""), "b": Label(Patient(), "2026-11-22T10:15:00+10:00", 1, 0, 0)})
    assert (patients.name("a"), patients.name("b"), patients.name("c")) == ("MRN 00412", "Patient not named", None)


@pytest.mark.parametrize(
    "words", ["edda", "00412", "1970-01-31", "31 Jan 1970", "31.01.1970", "31/1/1970", "forearm, left"]
)
def test_a_search_finds_a_patient_by(words: str) -> None:
    patients = Patients()
    patients.learn({"a": label()})
    said = " ".join(patients.searched("a")).casefold()
    assert all(word in said for word in words.casefold().split())
