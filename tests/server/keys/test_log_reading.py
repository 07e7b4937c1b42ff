"""Who may read the access log, what they find in it, and that an export does nothing when it is opened."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from harness.key_server import OTHER_USERS, Sent, Someone, World, code

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.keys.operations import read_log
from picsafe_server.keys.operations.csv_export import COLUMNS

pytestmark = pytest.mark.anyio

CLINIC, HOSPITAL = new_identifier(), new_identifier()
ADMINISTRATOR = Someone("Ann", institution=CLINIC, role="administrator")
ELSEWHERE = Someone("Ben", institution=HOSPITAL, role="administrator")


def of(*institutions: str) -> dict[str, Any]:
    return {"institutions": [{"id": id_, "roles": ["service"]} for id_ in institutions]}


async def read(world: World, administrator: Someone, /, **query: Any) -> list[dict[str, Any]]:
    answer = await world.get("/keys/v1/log", world.users.user_token(administrator), **query)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


async def test_who_reads_the_log_of_a_report(sqlite_world: World, subtests: pytest.Subtests) -> None:
    sent = await sqlite_world.send(Someone("Ada"), access=of(CLINIC))
    for who, status in [
        (ADMINISTRATOR, 200),
        (ELSEWHERE, 403),
        (Someone("Mia", institution=CLINIC, role="member"), 403),
        (Someone("Sync", institution=CLINIC, role="service"), 403),
        (Someone("Nil", institution=None, role="administrator"), 403),
        (Someone("Ann", issuer=OTHER_USERS, institution=CLINIC, role="administrator"), 404),
        (Someone("Eve"), 403),
    ]:
        with subtests.test(who=who, status=status):
            answer = await sqlite_world.get(
                f"/keys/v1/reports/{sent.report_id}/log", sqlite_world.users.user_token(who)
            )
            assert answer.status_code == status


async def test_a_recipient_does_not_read_who_else_opened_a_report(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    answer = await world.get(f"/keys/v1/reports/{sent.report_id}/log", world.users.user_token(bo))
    assert (answer.status_code, code(answer)) == (403, "not_permitted")


async def test_a_report_that_is_not_there_has_no_log(
    sqlite_world: World, ada: Someone, subtests: pytest.Subtests
) -> None:
    for report_id in ["a" * 26, "A" * 26, "%00", "x"]:
        with subtests.test(report_id=report_id):
            answer = await sqlite_world.get(f"/keys/v1/reports/{report_id}/log", sqlite_world.users.user_token(ada))
            assert (answer.status_code, code(answer)) == (404, "not_found")


async def test_the_log_of_a_report_goes_on_page_after_page(world: World, ada: Someone) -> None:
    sent, other = await world.send(ada), await world.send(ada)
    for _ in range(4):
        await world.open(ada, sent)
        await world.open(ada, other)
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = await world.get(f"/keys/v1/reports/{sent.report_id}/log", world.users.user_token(ada), **query)
        page = answer.json()
        assert len(page["entries"]) <= 2
        seen += [entry["index"] for entry in page["entries"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("who", [Someone("Eve"), Someone("Mia", institution=CLINIC, role="member")])
@pytest.mark.parametrize("path", ["/keys/v1/log", "/keys/v1/log.csv"])
async def test_only_administrators_read_the_log_of_an_institution(sqlite_world: World, who: Someone, path: str) -> None:
    answer = await sqlite_world.get(path, sqlite_world.users.user_token(who))
    assert (answer.status_code, code(answer)) == (403, "not_permitted")


async def test_administrators_see_the_keys_that_name_their_institution_and_no_other(
    world: World, ada: Someone, bo: Someone
) -> None:
    ours = await world.send(ada, bo, access={"recipients": [bo.id]} | of(CLINIC))
    shared = await world.send(ada, access=of(CLINIC, HOSPITAL))
    theirs = await world.send(ada, access=of(HOSPITAL))
    nobodys = await world.send(ada)
    for sent in (ours, shared, theirs, nobodys):
        await world.open(ada, sent)
    assert [entry["index"] for entry in await read(world, ADMINISTRATOR)] == [5, 4, 1, 0]
    assert [entry["index"] for entry in await read(world, ELSEWHERE)] == [6, 5, 2, 1]
    impostor = Someone("Ann", issuer=OTHER_USERS, institution=CLINIC, role="administrator")
    assert await read(world, impostor) == []


async def history(world: World) -> tuple[Sent, Sent, Someone]:
    ada, bo = Someone("Ada"), Someone("Bo % _ Straße")
    one = await world.send(ada, bo, access={"recipients": [bo.id]} | of(CLINIC))
    two = await world.send(ada, access=of(CLINIC))
    await world.open(bo, one)
    await world.open(bo, two)
    await world.open(ada, two)
    await world.revoke(ada, one)
    return one, two, bo


async def test_filters(world: World) -> None:
    one, two, bo = await history(world)
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [5, 4, 3, 2, 1, 0]),
        ({"oldest_first": "true"}, [0, 1, 2, 3, 4, 5]),
        ({"event": "released"}, [4, 2]),
        ({"event": "refused"}, [3]),
        ({"event": "destroyed"}, []),
        ({"report_id": one.report_id}, [5, 2, 0]),
        ({"report_id": one.report_id[:8]}, [5, 2, 0]),
        ({"report_id": two.report_id, "event": "created"}, [1]),
        ({"report_id": two.report_id[:6], "event": "created"}, [1]),
        ({"who": bo.id}, [3, 2]),
        ({"who": "ada"}, [5, 4, 1, 0]),
        ({"who": "ADA@CLINIC"}, [5, 4, 1, 0]),
        ({"who": "%"}, [3, 2]),
        ({"who": "% _ s"}, [3, 2]),
        ({"who": "a_a"}, []),
        ({"who": bo.id[:10]}, []),
        ({"limit": 2}, [5, 4]),
        ({"limit": 2, "after": 4}, [3, 2]),
        ({"limit": 2, "after": 2, "oldest_first": "true"}, [3, 4]),
        ({"after": 0}, []),
    ]
    for query, expected in cases:
        assert [entry["index"] for entry in await read(world, ADMINISTRATOR, **query)] == expected, query


BAD_QUERIES: dict[str, dict[str, Any]] = {
    "no entries": {"limit": 0},
    "too many": {"limit": limits.PAGE_ROWS + 1},
    "a word for a number": {"limit": "many"},
    "before the beginning": {"after": -2},
    "an unknown event": {"event": "opened"},
    "a report of no number": {"report_id": "x"},
    "too little of a number": {"report_id": "abcde"},
    "too much of a number": {"report_id": "a" * 27},
    "a wildcard for a number": {"report_id": "abcdef%"},
    "a line after a number": {"report_id": "abcdef\n"},
    "a NUL in a name": {"who": "a\x00"},
    "an endless name": {"who": "x" * (limits.EMAIL_CHARACTERS + 1)},
}


async def test_a_question_for(sqlite_world: World, subtests: pytest.Subtests) -> None:
    for case, query in BAD_QUERIES.items():
        with subtests.test(case):
            answer = await sqlite_world.get("/keys/v1/log", sqlite_world.users.user_token(ADMINISTRATOR), **query)
            assert (answer.status_code, code(answer)) == (400, "invalid_request")


async def test_as_many_entries_as_a_page_may_have(sqlite_world: World) -> None:
    await history(sqlite_world)
    assert len(await read(sqlite_world, ADMINISTRATOR, limit=limits.PAGE_ROWS)) == 6


async def exported(world: World, **query: Any) -> list[list[str]]:
    answer = await world.get("/keys/v1/log.csv", world.users.user_token(ADMINISTRATOR), **query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="access-log.csv"'
    assert answer.content.count(b"\r\n") == answer.content.count(b"\n")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8"), newline="")))


async def test_an_export_says_what_the_list_says(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_log, "CSV_PAGE_ROWS", 2)
    await history(world)
    header, *rows = await exported(world)
    assert tuple(header) == COLUMNS
    listed = [
        [
            str(entry["index"]),
            entry["time"],
            entry["event"],
            entry["result_code"] or "",
            entry["report_id"],
            entry["key_id"],
            entry["who"]["id"],
            entry["who"]["name"],
            entry["who"]["email"],
            entry["who"]["institution"] or "",
            entry["from"],
            entry["reason"],
            *("", ""),
        ]
        for entry in await read(world, ADMINISTRATOR)
    ]
    assert rows == listed
    assert [row[0] for row in (await exported(world, event="released", oldest_first="true"))[1:]] == ["2", "4"]
    assert await exported(world, event="destroyed") == [list(COLUMNS)]


FORMULAS = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1+2": "'-1+2",
    "@SUM(A1)": "'@SUM(A1)",
    "＝1": "'＝1",
    "  =1": "'  =1",
    '=HYPERLINK("http://evil","x")': '\'=HYPERLINK("http://evil","x")',
    'a, "quoted" name': 'a, "quoted" name',
    "1-2": "1-2",
    "Ärztin Ünal": "Ärztin Ünal",
}


@pytest.mark.parametrize(("text", "cell"), FORMULAS.items(), ids=FORMULAS.keys())
async def test_no_cell_of_an_export_is_a_formula(sqlite_world: World, text: str, cell: str) -> None:
    ada = Someone("Ada")
    sent = await sqlite_world.send(ada, access=of(CLINIC))
    assert (await sqlite_world.open(ada, sent, name=text, body={"reason": text})).status_code == 200
    row = (await exported(sqlite_world))[1]
    assert (row[COLUMNS.index("who_name")], row[COLUMNS.index("reason")]) == (cell, cell)


async def test_what_is_read_is_not_what_was_never_said(sqlite_world: World) -> None:
    """The log knows reports by number: nothing that a patient could be found by."""
    await history(sqlite_world)
    (first, *_) = await read(sqlite_world, ADMINISTRATOR)
    assert set(first) == {
        "index",
        "time",
        "event",
        "result_code",
        "report_id",
        "key_id",
        "who",
        "from",
        "reason",
        "erased_at",
        "erased_by",
    }
