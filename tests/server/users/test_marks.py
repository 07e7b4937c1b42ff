"""Reports are marked as done, for oneself, and as filed, for colleagues and the sender."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from harness.user_server import Caller, World, on_each_database, problem, somebody

from picsafe_protocol.contracts import limits

pytestmark = pytest.mark.anyio


async def mark(client: Caller, *report_ids: str, as_: str = "done", value: bool = True) -> list[dict[str, Any]]:
    answer = await client.post("/v1/reports/marks", {"report_ids": list(report_ids), "mark": as_, "value": value})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["reports"]
    return found


async def row(client: Caller, report_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/v1/reports/{report_id}")).json()
    return found


@on_each_database
async def test_done_is_for_oneself(world: World) -> None:
    ada, bo, cy = await world.person("Ada"), await world.person("Bo"), await world.person("Cy")
    report_id = await world.report(ada, bo, cy)
    (marked,) = await mark(bo, report_id)
    assert marked["done_at"] is not None
    assert (await row(cy, report_id))["done_at"] is None
    assert (await row(ada, report_id))["done_at"] is None
    world.clock.move(timedelta(minutes=5))
    (again,) = await mark(bo, report_id)
    assert again["done_at"] == marked["done_at"], "the time of the first mark is kept"
    (taken_back,) = await mark(bo, report_id, value=False)
    assert taken_back["done_at"] is None


@on_each_database
async def test_filed_is_seen_by_colleagues_and_the_sender_only(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo", institution="Royal")
    di, cy = await world.person("Di", institution="Royal"), await world.person("Cy", institution="Northside")
    report_id = await world.report(ada, bo, di, cy)
    (marked,) = await mark(bo, report_id, as_="filed")
    (filing,) = marked["filed"]
    assert (filing["name"], filing["email"], filing["institution"]) == ("Bo", bo.email, "Royal")
    for client in (ada, di):
        assert (await row(client, report_id))["filed"] == [filing]
    assert (await row(cy, report_id))["filed"] == [], "as recipients see only their own openings"
    await mark(di, report_id, as_="filed", value=False)
    assert (await row(ada, report_id))["filed"] == [filing], "nobody takes back what somebody else did"
    await mark(di, report_id, as_="filed")
    assert [each["name"] for each in (await row(ada, report_id))["filed"]] == ["Bo", "Di"]
    await mark(bo, report_id, as_="filed", value=False)
    assert [each["name"] for each in (await row(ada, report_id))["filed"]] == ["Di"]


async def test_many_are_marked_at_once_or_none(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    reports = [await world.report(ada, bo) for _ in range(12)]
    marked = await mark(bo, *reports, as_="filed")
    assert {each["id"] for each in marked} == set(reports)
    assert all(each["filed"] for each in marked)
    body = {"report_ids": [*reports, somebody()], "mark": "done"}
    assert problem(await bo.post("/v1/reports/marks", body)) == (404, "not_found")
    assert (await row(bo, reports[0]))["done_at"] is None
    body = {"report_ids": [somebody() for _ in range(limits.MARKS_AT_ONCE + 1)], "mark": "done"}
    assert (await bo.post("/v1/reports/marks", body)).status_code == 400
    assert await mark(bo) == []


async def test_attack_only_who_received_a_report_marks_it(world: World) -> None:
    ada, bo, eve = await world.person("Ada"), await world.person("Bo"), await world.person("Eve")
    report_id, draft = await world.report(ada, bo), await world.draft(ada, bo)
    for client, wanted in ((eve, report_id), (ada, report_id), (bo, draft), (ada, draft)):
        for name in ("done", "filed"):
            body = {"report_ids": [wanted], "mark": name}
            assert problem(await client.post("/v1/reports/marks", body)) == (404, "not_found")
    assert (await row(ada, report_id))["filed"] == []


async def test_what_is_over_is_left_out(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    await ada.delete(f"/v1/reports/{report_id}")
    assert [each["state"] for each in await mark(bo, report_id)] == ["withdrawn"]
    world.clock.move(timedelta(days=limits.REPORT_DAYS))
    bo = await world.sign_in(bo.email)
    assert await mark(bo, report_id, value=False) == []


async def test_a_machine_marks_nothing(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo", institution="Royal")
    pacs = await world.service("Royal")
    report_id = await world.report(ada, bo)
    answer = await pacs.post("/v1/reports/marks", {"report_ids": [report_id], "mark": "filed"})
    assert answer.status_code == 403
