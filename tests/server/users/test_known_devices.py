"""Strangers who guess a password do not keep its owner from signing in where they signed in before."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from harness.user_server import PASSWORD, World, on_each_database, problem
from sqlalchemy import select

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import KnownDevice

pytestmark = pytest.mark.anyio

WRONG = "wrong horse battery"


async def sign_in(browser: httpx.AsyncClient, name: str = "ada", password: str = PASSWORD) -> httpx.Response:
    body = {"email": f"{name}@example.org", "password": password}
    return await browser.post("/users/v1/sessions", json=body, headers={"Sec-Fetch-Site": "same-origin"})


async def known_browser(world: World, *names: str) -> httpx.AsyncClient:
    """A browser that these people have signed in with, and out again."""
    browser = world.new_client(None)
    for name in names:
        assert (await sign_in(browser, name)).status_code == 201
    del browser.cookies["picsafe-session"]
    return browser


async def strangers_guess(world: World, name: str = "ada") -> None:
    for _ in range(limits.SIGN_IN_ATTEMPTS):
        assert problem(await sign_in(world.new_client(None), name, WRONG)) == (401, "wrong_password")
    assert problem(await sign_in(world.new_client(None), name, WRONG)) == (429, "too_many_requests")


async def test_the_owner_signs_in_where_they_did_before_while_strangers_wait(world: World) -> None:
    await world.account("Ada")
    browser = await known_browser(world, "ada")
    await strangers_guess(world)
    assert (await sign_in(browser)).status_code == 201
    assert problem(await sign_in(world.new_client(None))) == (429, "too_many_requests"), "strangers start no afresh"


async def test_strangers_at_the_same_address_do_not_hold_it_up_either(world: World) -> None:
    await world.account("Ada")
    browser = await known_browser(world, "ada")
    for number in range(limits.SIGN_IN_ATTEMPTS_PER_ADDRESS):
        await sign_in(world.new_client(None), f"n{number}", WRONG)
    assert problem(await sign_in(world.new_client(None))) == (429, "too_many_requests")
    assert (await sign_in(browser)).status_code == 201


async def test_a_known_browser_guesses_no_more_often_than_a_stranger(world: World) -> None:
    await world.account("Ada")
    browser = await known_browser(world, "ada")
    for _ in range(limits.SIGN_IN_ATTEMPTS):
        assert problem(await sign_in(browser, password=WRONG)) == (401, "wrong_password")
    assert problem(await sign_in(browser)) == (429, "too_many_requests")
    assert (await sign_in(world.new_client(None))).status_code == 201, "nor does it use up the strangers' attempts"


async def test_a_browser_is_known_to_those_who_signed_in_with_it_only(world: World) -> None:
    await world.account("Ada")
    await world.account("Bo")
    browser = await known_browser(world, "bo")
    await strangers_guess(world)
    assert problem(await sign_in(browser)) == (429, "too_many_requests")


async def test_a_shared_ward_computer_is_known_to_each_and_the_database_does_not_tell_so(world: World) -> None:
    await world.account("Ada")
    await world.account("Bo")
    browser = await known_browser(world, "ada", "bo")
    for name in ("ada", "bo"):
        await strangers_guess(world, name)
        assert (await sign_in(browser, name)).status_code == 201
    async with world.users.services.database.reading() as session:
        proofs = (await session.scalars(select(KnownDevice.proof))).all()
    assert len(set(proofs)) == 2
    secret = browser.cookies["picsafe-device"]
    assert all(secret.encode() not in proof for proof in proofs)


async def test_a_cookie_that_we_did_not_make_is_worth_nothing(world: World, subtests: pytest.Subtests) -> None:
    await world.account("Ada")
    await known_browser(world, "ada")
    await strangers_guess(world)
    for forged in ["", "x", "A" * 43, "A" * 4000, "\u00e4"]:
        with subtests.test(forged=forged):
            browser = world.new_client(None)
            headers = {b"Cookie": f"picsafe-device={forged}".encode("latin-1"), b"Sec-Fetch-Site": b"same-origin"}
            body = {"email": "ada@example.org", "password": PASSWORD}
            assert problem(await browser.post("/users/v1/sessions", json=body, headers=headers)) == (
                429,
                "too_many_requests",
            )


async def test_a_program_gets_no_cookie_and_is_known_to_nobody(world: World) -> None:
    await world.person("Ada")
    await strangers_guess(world)
    async with world.users.services.database.reading() as session:
        assert (await session.scalars(select(KnownDevice.proof))).all() == []


async def test_strangers_do_not_keep_a_signed_in_person_from_a_new_password(world: World) -> None:
    ada = await world.person("Ada")
    await strangers_guess(world)
    assert (await ada.post("/v1/me/password", {"current": PASSWORD, "new": "another long one"})).status_code == 204


@on_each_database
async def test_what_is_not_used_any_more_is_forgotten(world: World) -> None:
    await world.account("Ada")
    browser = await known_browser(world, "ada")
    world.clock.move(timedelta(days=limits.KNOWN_DEVICE_DAYS))
    await strangers_guess(world)
    assert problem(await sign_in(browser)) == (429, "too_many_requests")
    assert (await world.users.sweep())["devices forgotten"] == 1


@on_each_database
async def test_who_was_removed_leaves_no_browser_behind(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    ada = await world.account("Ada", institution="Royal")
    await known_browser(world, "ada")
    assert (await admin.delete(f"/v1/institution/members/{ada.id}")).status_code == 204
    async with world.users.services.database.reading() as session:
        assert (await session.scalars(select(KnownDevice.proof))).all() == []


async def test_a_new_password_ends_the_recognition_of_every_other_browser(world: World) -> None:
    await world.account("Ada")
    thief = await known_browser(world, "ada")
    own = world.new_client(None)
    assert (await sign_in(own)).status_code == 201
    body = {"current": PASSWORD, "new": "another long password"}
    changed = await own.post("/users/v1/me/password", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert changed.status_code == 204
    await strangers_guess(world)
    assert problem(await sign_in(thief, password=WRONG)) == (429, "too_many_requests"), "it waits like a stranger"
    assert (await sign_in(own, password="another long password")).status_code == 201, "the browser that asked is known"


async def test_a_password_set_with_an_invitation_ends_the_recognition_of_all_browsers(world: World) -> None:
    await world.institution("Royal")
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    member = await world.account("Ada", institution="Royal")
    thief = await known_browser(world, "ada")
    answer = await admin.post(f"/v1/institution/members/{member.id}/invitation")
    accepted = {"token": answer.json()["invitation_token"], "password": "another long password"}
    assert (await world.http.post("/users/v1/invitations", json=accepted)).status_code == 201
    await strangers_guess(world)
    assert problem(await sign_in(thief, password="another long password")) == (429, "too_many_requests")
