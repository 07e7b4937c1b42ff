"""What one sender may have under way and kept, so that nobody fills a region."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from harness.user_server import SIZE, Caller, World, on_each_database, on_sqlite, problem

from picsafe_protocol.contracts import limits

pytestmark = pytest.mark.anyio


async def begin(sender: Caller, size: Any = None) -> httpx.Response:
    body = {"recipients": [sender.email]} | ({} if size is None else {"size": size})
    return await sender.post("/v1/reports", body)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    return *problem(answer), answer.json()["limit"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for three reports of at most 100 kB together."""
    monkeypatch.setattr(limits, "KEPT_REPORTS", 3)
    monkeypatch.setattr(limits, "KEPT_BYTES", 100_000)


async def test_the_grant_to_upload_is_for_no_more_than_the_sender_declared(world: World) -> None:
    ada = await world.person("Ada")
    begun = (await begin(ada, 5_000)).json()
    again = (await ada.post(f"/v1/reports/{begun['report_id']}/grants", {"action": "package.upload"})).json()
    for grant in (begun["cloud"]["grant"], again["grant"]):
        assert jwt.decode(grant, options={"verify_signature": False})["size"] == 5_000


@on_sqlite
async def test_what_is_no_size_begins_nothing(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    for size in [0, -1, limits.PACKAGE_BYTES + 1, 1.5, "large", True]:
        with subtests.test(size=size):
            assert problem(await begin(ada, size)) == (400, "invalid_request")


@pytest.mark.usefixtures("small")
async def test_bytes_up_to_the_limit_and_not_one_more(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    assert (await begin(ada, 60_000)).status_code == 201
    assert refused(await begin(ada, 40_001)) == (413, "limit_exceeded", "KEPT_BYTES")
    assert (await begin(bo, 100_000)).status_code == 201, "others have room of their own"
    assert (await begin(ada, 40_000)).status_code == 201
    assert refused(await begin(ada, 1)) == (413, "limit_exceeded", "KEPT_BYTES")


@pytest.mark.usefixtures("small")
async def test_what_arrived_counts_with_its_own_size(world: World) -> None:
    ada = await world.person("Ada")
    report_id = (await begin(ada, 100_000)).json()["report_id"]
    await world.deliver(ada, report_id)
    assert refused(await begin(ada, 100_000 - SIZE + 1)) == (413, "limit_exceeded", "KEPT_BYTES")
    assert (await begin(ada, 100_000 - SIZE)).status_code == 201


@pytest.mark.usefixtures("small")
async def test_reports_up_to_the_limit_and_not_one_more(world: World) -> None:
    ada = await world.person("Ada")
    sent = [(await begin(ada, 1)).json()["report_id"] for _ in range(limits.KEPT_REPORTS)]
    await world.deliver(ada, sent[0])
    answer = await begin(ada, 1)
    assert refused(answer) == (413, "limit_exceeded", "KEPT_REPORTS")
    assert "Nothing was sent" in answer.json()["advice"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("delivered", [False, True])
async def test_withdrawing_makes_room_at_once(world: World, delivered: bool) -> None:
    ada = await world.person("Ada")
    report_id = (await begin(ada, 100_000)).json()["report_id"]
    if delivered:
        await world.deliver(ada, report_id)
    assert (await begin(ada, 100_000)).status_code == 413
    await ada.delete(f"/v1/reports/{report_id}")
    assert (await begin(ada, 100_000)).status_code == 201


@on_each_database
@pytest.mark.usefixtures("small")
async def test_what_is_over_makes_room_before_any_sweep(world: World) -> None:
    ada = await world.person("Ada")
    await world.deliver(ada, (await begin(ada, 100_000)).json()["report_id"])
    world.clock.move(timedelta(days=7))
    ada = await world.sign_in(ada.email)
    abandoned = (await begin(ada, 100_000)).json()["report_id"]
    assert (await begin(ada, 100_000)).status_code == 413
    world.clock.move(timedelta(hours=limits.UPLOAD_HOURS))
    ada = await world.sign_in(ada.email)
    assert (await begin(ada, 100_000)).status_code == 201, abandoned


@on_each_database
@pytest.mark.usefixtures("small")
async def test_many_at_once_find_the_room_of_one(world: World) -> None:
    ada = await world.person("Ada")
    answers = await asyncio.gather(*(begin(ada, 60_000) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 413, 413, 413, 413]


@on_sqlite
async def test_attack_begin_and_withdraw_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each leaves entries in the key server's log, which is never shortened."""
    monkeypatch.setattr(limits, "REPORTS_BEGUN", 3)
    ada, bo = await world.person("Ada"), await world.person("Bo")
    for _ in range(3):
        report_id = await world.draft(ada, bo)
        assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    assert problem(await ada.post("/v1/reports", {"recipients": [bo.email]})) == (429, "too_many_requests")
    world.clock.move(timedelta(seconds=limits.BEGUN_WINDOW_SECONDS))
    ada = await world.sign_in(ada.email)
    await world.draft(ada, bo)
