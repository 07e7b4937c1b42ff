"""Guessing passwords is slowed down: an account after ten failures, a client address after a hundred."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from harness.user_server import PASSWORD, World, on_each_database, problem

from picsafe_protocol.contracts import limits
from picsafe_server.users.accounts.sign_in_throttle import _network

pytestmark = pytest.mark.anyio

WRONG = "wrong horse battery"
WINDOW = timedelta(seconds=limits.SIGN_IN_WINDOW_SECONDS)


async def attempt(world: World, email: str = "ada@example.org", password: str = WRONG) -> httpx.Response:
    return await world.http.post(
        "/users/v1/sessions", json={"email": email, "password": password, "transport": "token"}
    )


async def fail(world: World, times: int, email: str = "ada@example.org") -> None:
    for _ in range(times):
        assert problem(await attempt(world, email)) == (401, "wrong_password")


async def test_ten_failures_are_answered_and_the_next_waits_even_with_the_right_password(world: World) -> None:
    await world.account("Ada")
    await fail(world, limits.SIGN_IN_ATTEMPTS)
    answer = await attempt(world, password=PASSWORD)
    assert problem(answer) == (429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= limits.SIGN_IN_WINDOW_SECONDS


async def test_one_failure_less_still_lets_the_owner_in(world: World) -> None:
    await world.account("Ada")
    await fail(world, limits.SIGN_IN_ATTEMPTS - 1)
    assert (await attempt(world, password=PASSWORD)).status_code == 201


@on_each_database
async def test_after_the_window_counting_starts_again(world: World) -> None:
    await world.account("Ada")
    await fail(world, limits.SIGN_IN_ATTEMPTS)
    world.clock.move(WINDOW)
    assert (await attempt(world, password=PASSWORD)).status_code == 201


async def test_success_forgets_the_failures(world: World) -> None:
    await world.account("Ada")
    await fail(world, limits.SIGN_IN_ATTEMPTS - 1)
    await attempt(world, password=PASSWORD)
    await fail(world, limits.SIGN_IN_ATTEMPTS - 1)
    assert (await attempt(world, password=PASSWORD)).status_code == 201


async def test_an_address_without_an_account_is_treated_alike(world: World) -> None:
    await fail(world, limits.SIGN_IN_ATTEMPTS, "nobody@example.org")
    assert problem(await attempt(world, "NOBODY@example.org")) == (429, "too_many_requests")


async def test_another_account_is_not_held_up(world: World) -> None:
    await world.account("Ada")
    await fail(world, limits.SIGN_IN_ATTEMPTS, "bo@example.org")
    assert (await attempt(world, password=PASSWORD)).status_code == 201


async def test_a_client_address_that_tries_many_accounts_waits(world: World) -> None:
    await world.account("Ada")
    for number in range(limits.SIGN_IN_ATTEMPTS_PER_ADDRESS):
        await fail(world, 1, f"n{number}@example.org")
    assert problem(await attempt(world, password=PASSWORD)) == (429, "too_many_requests")
    world.clock.move(WINDOW)
    assert (await attempt(world, password=PASSWORD)).status_code == 201


async def test_attempts_that_were_refused_do_not_hold_up_the_whole_hospital(world: World) -> None:
    await world.account("Ada")
    await fail(world, limits.SIGN_IN_ATTEMPTS, "bo@example.org")
    for _ in range(limits.SIGN_IN_ATTEMPTS_PER_ADDRESS):
        assert problem(await attempt(world, "bo@example.org")) == (429, "too_many_requests")
    assert (await attempt(world, password=PASSWORD)).status_code == 201


async def test_good_sign_ins_do_not_count_against_the_client_address(world: World) -> None:
    await world.account("Ada")
    for _ in range(limits.SIGN_IN_ATTEMPTS_PER_ADDRESS + 1):
        assert (await attempt(world, password=PASSWORD)).status_code == 201


@on_each_database
async def test_a_hundred_at_once_get_no_more_than_ten_guesses(world: World) -> None:
    await world.account("Ada")
    answers = await asyncio.gather(*(attempt(world) for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [401] * limits.SIGN_IN_ATTEMPTS + [429] * (
        40 - limits.SIGN_IN_ATTEMPTS
    )


async def test_guessing_the_current_password_in_a_stolen_session_is_slowed_down_too(world: World) -> None:
    ada = await world.person("Ada")
    body = {"current": "wrong", "new": "a new long password"}
    for _ in range(limits.SIGN_IN_ATTEMPTS):
        assert problem(await ada.post("/v1/me/password", body)) == (401, "wrong_password")
    assert problem(await ada.post("/v1/me/password", body | {"current": PASSWORD})) == (429, "too_many_requests")


@on_each_database
async def test_the_sweep_forgets_windows_that_are_over(world: World) -> None:
    await fail(world, 1)
    assert (await world.users.sweep())["sign-in counts forgotten"] == 0
    world.clock.move(WINDOW)
    assert (await world.users.sweep())["sign-in counts forgotten"] == 2


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("", "", True),
        ("testclient", "other", False),
    ],
)
def test_addresses_count_together_when_one_customer_has_them_all(one: str, other: str, together: bool) -> None:
    assert (_network(one) == _network(other)) is together
