"""Who has an account is not to be found out by asking for everybody."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from harness.user_server import Caller, World, on_each_database, problem

from picsafe_protocol.contracts import limits

pytestmark = pytest.mark.anyio

WINDOW = timedelta(seconds=limits.LOOK_UP_WINDOW_SECONDS)


async def ask(caller: Caller, count: int, *known: str, first: int = 0) -> httpx.Response:
    unknown = [f"p{number}@hospital.example" for number in range(first, first + count)]
    return await caller.post("/v1/reports", {"recipients": [*unknown, *known]})


async def use_up(caller: Caller) -> None:
    for first in range(0, limits.UNKNOWN_RECIPIENTS, limits.RECIPIENTS):
        assert problem(await ask(caller, limits.RECIPIENTS, first=first)) == (400, "unknown_recipient")


async def test_a_hundred_unknown_recipients_an_hour_and_not_one_more(world: World) -> None:
    ada = await world.person("Ada")
    await use_up(ada)
    answer = await ask(ada, 1)
    assert problem(answer) == (429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= limits.LOOK_UP_WINDOW_SECONDS
    assert "recipients" not in answer.json(), "the refusal does not say which of them are unknown"
    world.clock.move(WINDOW)
    assert problem(await ask(ada, 1)) == (400, "unknown_recipient")


async def test_who_asked_too_often_still_sends_to_those_who_exist(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    await use_up(ada)
    assert (await ask(ada, 0, bo.email)).status_code == 201


async def test_others_are_not_held_up(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    await use_up(ada)
    assert problem(await ask(bo, 1)) == (400, "unknown_recipient")


async def test_those_who_exist_do_not_count(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    for _ in range(3):
        assert (await ask(ada, 0, bo.email, ada.email)).status_code == 201
    await use_up(ada)


async def test_searches_for_recipients_are_counted_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECIPIENT_SEARCHES", 3)
    ada, bo = await world.person("Ada"), await world.person("Bo")
    for _ in range(limits.RECIPIENT_SEARCHES):
        assert (await ada.get("/v1/recipients", query="b")).status_code == 200
    assert problem(await ada.get("/v1/recipients", query="b")) == (429, "too_many_requests")
    assert (await bo.get("/v1/recipients", query="b")).status_code == 200
    world.clock.move(WINDOW)
    assert (await ada.get("/v1/recipients", query="b")).status_code == 200


@on_each_database
async def test_the_sweep_forgets_windows_that_are_over(world: World) -> None:
    await ask(await world.person("Ada"), 1)
    assert (await world.users.sweep())["look-ups forgotten"] == 0
    world.clock.move(WINDOW)
    assert (await world.users.sweep())["look-ups forgotten"] == 1
