"""Read and collected: who has seen a report, and who learns of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from harness.user_server import Caller, World, on_each_database, problem

pytestmark = pytest.mark.anyio


async def view(caller: Caller, report_id: str) -> dict[str, Any]:
    answer = await caller.get(f"/v1/reports/{report_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_reading_is_shown_to_everybody_who_sees_the_report(world: World) -> None:
    ada, bo, cy = [await world.person(name) for name in ("Ada", "Bo", "Cy")]
    report_id = await world.report(ada, bo, cy)
    assert (await bo.post(f"/v1/reports/{report_id}/opened")).status_code == 204
    own = await view(bo, report_id)
    assert own["unread"] is False
    assert own["opened_at"] is not None
    other = await view(cy, report_id)
    assert (other["unread"], other["opened_at"]) == (True, None)
    assert [person["opened_at"] for person in (await view(ada, report_id))["recipients"]] == [own["opened_at"], None]


@on_each_database
async def test_the_first_time_is_kept(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    await bo.post(f"/v1/reports/{report_id}/opened")
    first = (await view(bo, report_id))["opened_at"]
    world.clock.move(timedelta(hours=1))
    assert (await bo.post(f"/v1/reports/{report_id}/opened")).status_code == 204
    assert (await view(bo, report_id))["opened_at"] == first


async def test_the_sender_looking_at_it_is_no_news(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    assert (await ada.post(f"/v1/reports/{report_id}/opened")).status_code == 204
    assert (await view(ada, report_id))["opened_at"] is None


async def test_a_sender_who_is_a_recipient_can_read_it(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.report(ada, ada)
    await ada.post(f"/v1/reports/{report_id}/opened")
    assert (await view(ada, report_id))["recipients"][0]["opened_at"] is not None


async def test_a_colleague_s_reading_is_their_own(world: World) -> None:
    await world.institution("Open", members_may_open="members")
    ada, bo = await world.person("Ada", institution="Open"), await world.person("Bo", institution="Open")
    cy = await world.person("Cy")
    report_id = await world.report(cy, ada)
    await bo.post(f"/v1/reports/{report_id}/opened")
    assert (await view(bo, report_id))["unread"] is False
    assert (await view(ada, report_id))["unread"] is True
    assert (await view(cy, report_id))["recipients"][0]["opened_at"] is None


async def test_the_first_collection_is_kept_and_shown(world: World) -> None:
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo", institution="Charité")
    royal, charite = await world.service("Royal"), await world.service("Charité")
    report_id = await world.report(ada, bo)
    assert (await view(royal, report_id))["unread"] is True
    assert (await royal.post(f"/v1/reports/{report_id}/collected")).status_code == 204
    first = (await view(ada, report_id))["collected_at"]
    assert first is not None
    world.clock.move(timedelta(minutes=1))
    assert (await charite.post(f"/v1/reports/{report_id}/collected")).status_code == 204
    assert (await view(bo, report_id))["collected_at"] == first
    assert (await view(royal, report_id))["unread"] is False


async def test_late_news_of_a_collection_is_taken(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    pacs = await world.service("Royal")
    report_id = await world.report(ada, ada)
    world.clock.move(timedelta(days=7))
    await world.users.sweep()
    assert (await pacs.post(f"/v1/reports/{report_id}/collected")).status_code == 204
    ada = await world.sign_in(ada.email)
    assert (await view(ada, report_id))["collected_at"] is not None


async def test_people_do_not_collect_and_machines_do_not_read(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    pacs = await world.service("Royal")
    report_id = await world.report(ada, ada)
    assert problem(await ada.post(f"/v1/reports/{report_id}/collected")) == (403, "not_permitted")
    assert problem(await pacs.post(f"/v1/reports/{report_id}/opened")) == (403, "not_permitted")
