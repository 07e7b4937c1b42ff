"""Signing in and out, sessions, their cookies and their ends."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from harness.user_server import PASSWORD, World, on_each_database, on_sqlite, problem, somebody

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role

pytestmark = pytest.mark.anyio


async def sign_in(world: World, **fields: object) -> httpx.Response:
    body = {"email": "ada@example.org", "password": PASSWORD} | fields
    return await world.http.post("/users/v1/sessions", json=body)


async def test_signing_in_with_a_token_gives_a_token_and_no_cookie(world: World) -> None:
    await world.account("Ada", "NZ")
    answer = await sign_in(world, transport="token", device="Ward 3 computer")
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers
    assert answer.json()["me"] | {"id": "", "server_time": ""} == {
        "id": "",
        "email": "ada@example.org",
        "name": "Ada",
        "country": "NZ",
        "region": "au",
        "role": None,
        "kind": "person",
        "institution": None,
        "server_time": "",
        "users_url": "http://localhost:8000/users",
        "key_servers": ["http://localhost:8000/keys"],
        "clouds": {region: f"http://localhost:8000/cloud/{region}" for region in ("au", "ca", "de", "ie", "uk", "us")},
        "since": None,
        "password_reset": None,
    }


async def test_signing_in_with_a_cookie_gives_a_cookie_and_no_token(world: World) -> None:
    await world.account("Ada")
    answer = await sign_in(world)
    assert answer.status_code == 201
    assert "token" not in answer.json()
    cookie, device = answer.headers.get_list("set-cookie")
    assert cookie.startswith("picsafe-session=")
    assert device.startswith("picsafe-device=")
    assert all(part in device for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=15552000"))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert "Max-Age" not in cookie
    assert (await world.http.get("/users/v1/me")).json()["name"] == "Ada"


@on_each_database
async def test_the_address_may_be_written_in_any_case(world: World, subtests: pytest.Subtests) -> None:
    await world.account("Ada")
    for email in ["ada@example.org", "ADA@Example.ORG", "  Ada@example.org "]:
        with subtests.test(email=email):
            assert (await sign_in(world, email=email)).status_code == 201


@on_sqlite
async def test_every_mismatch_gets_the_same_answer(world: World, subtests: pytest.Subtests) -> None:
    await world.account("Ada")
    for fields in [
        {"password": "wrong horse battery"},
        {"password": PASSWORD.upper()},
        {"password": PASSWORD + " "},
        {"password": ""},
        {"password": "x" * 1024},
        {"email": "nobody@example.org"},
        {"email": ""},
        {"email": "not an address"},
    ]:
        with subtests.test(fields=fields):
            answer = await sign_in(world, **fields)
            assert problem(answer) == (401, "wrong_password")
            assert answer.json()["detail"] == "The e-mail address or the password is wrong."


@on_sqlite
async def test_a_request_that_is_not_one_is_refused(world: World, subtests: pytest.Subtests) -> None:
    await world.account("Ada")
    for body in [
        {},
        {"email": "ada@example.org"},
        {"email": "ada@example.org", "password": 7},
        {"email": "ada@example.org", "password": PASSWORD, "transport": "smoke"},
        {"email": "ada@example.org", "password": PASSWORD, "admin": True},
        {"email": "a" * (limits.EMAIL_CHARACTERS + 1), "password": PASSWORD},
        {"email": "ada@example.org", "password": "x" * 1025},
        {"email": "ada@example.org", "password": PASSWORD, "device": "\x00"},
        {"email": "ada@example.org", "password": PASSWORD, "device": "\u202egnp.exe"},
        [],
        None,
        "ada",
    ]:
        with subtests.test(body=body):
            assert problem(await world.http.post("/users/v1/sessions", json=body)) == (400, "invalid_request")


async def test_a_disabled_account_gets_the_answer_of_a_wrong_password(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    ada = await world.account("Ada", institution="Royal")
    await admin.patch(f"/v1/institution/members/{ada.id}", {"disabled": True})
    assert problem(await sign_in(world)) == (401, "wrong_password")


async def test_the_database_never_holds_the_token(world: World) -> None:
    ada = await world.person("Ada")
    rows = await world.users.services.sessions.of(await world.users.services.sessions.authenticate(ada.token))
    assert all(ada.token.encode() not in row.token_hash for row in rows)
    assert len(rows[0].token_hash) == 32


async def test_sessions_are_listed_and_ended_one_by_one(world: World) -> None:
    ada = await world.person("Ada")
    phone = await world.sign_in(ada.email)
    listed = (await ada.get("/v1/sessions")).json()["sessions"]
    assert [row["device"] for row in listed] == [""] * 2
    assert sorted(row["current"] for row in listed) == [False, True]
    other = next(row["id"] for row in listed if not row["current"])
    assert (await ada.delete(f"/v1/sessions/{other}")).status_code == 204
    assert problem(await phone.get("/v1/me")) == (401, "not_signed_in")
    assert (await ada.get("/v1/me")).status_code == 200


async def test_signing_out_ends_the_session_and_forgets_the_cookie(world: World) -> None:
    await world.account("Ada")
    await sign_in(world)
    kept = world.http.cookies["picsafe-session"]
    answer = await world.http.delete("/users/v1/sessions/current", headers={"Origin": "http://localhost:8000"})
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    again = await world.http.get("/users/v1/me", headers={"Cookie": f"picsafe-session={kept}"})
    assert problem(again) == (401, "not_signed_in")


async def test_nobody_ends_the_session_of_somebody_else(world: World) -> None:
    ada, eve = await world.person("Ada"), await world.person("Eve")
    (session,) = (await ada.get("/v1/sessions")).json()["sessions"]
    for session_id in (session["id"], somebody(), "nonsense"):
        assert problem(await eve.delete(f"/v1/sessions/{session_id}")) == (404, "not_found")
    assert (await ada.get("/v1/me")).status_code == 200


@on_each_database
async def test_a_session_ends_when_idle_for_one_shift(world: World) -> None:
    ada = await world.person("Ada")
    for _ in range(3):
        world.clock.move(timedelta(hours=limits.SESSION_IDLE_HOURS, minutes=-1))
        assert (await ada.get("/v1/me")).status_code == 200
    world.clock.move(timedelta(hours=limits.SESSION_IDLE_HOURS, minutes=1))
    assert problem(await ada.get("/v1/me")) == (401, "not_signed_in")


async def test_a_session_ends_after_thirty_days_however_busy(world: World) -> None:
    ada = await world.person("Ada")
    for _ in range(limits.SESSION_DAYS * 3 - 1):
        world.clock.move(timedelta(hours=8))
        assert (await ada.get("/v1/me")).status_code == 200
    world.clock.move(timedelta(hours=8))
    assert problem(await ada.get("/v1/me")) == (401, "not_signed_in")


@on_each_database
async def test_the_sweep_deletes_sessions_that_are_over(world: World) -> None:
    ada = await world.person("Ada")
    world.clock.move(timedelta(hours=limits.SESSION_IDLE_HOURS))
    assert (await world.users.sweep())["sessions ended"] == 1
    assert problem(await ada.get("/v1/me")) == (401, "not_signed_in")
    assert (await world.users.sweep())["sessions ended"] == 0


@on_sqlite
async def test_a_wrong_token_signs_nobody_in(world: World, subtests: pytest.Subtests) -> None:
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer picsafe_st_",
        "Bearer picsafe_st_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Bearer picsafe_st_aaaaaaaaaaaaaaaaaaaaaaaaaa_",
        "Bearer picsafe_st_aaaaaaaaaaaaaaaaaaaaaaaaaa_secret",
        "Bearer picsafe_in_secret",
        "Bearer " + "x" * 5000,
        "Basic YWRhOmFkYQ==",
        "bearer \u00e4".encode("latin-1").decode("latin-1"),
    ]:
        with subtests.test(authorization=authorization):
            answer = await world.http.get("/users/v1/me", headers=[(b"Authorization", authorization.encode("latin-1"))])
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_header_goes_before_the_cookie(world: World) -> None:
    await world.account("Ada")
    await sign_in(world)
    answer = await world.http.get("/users/v1/me", headers={"Authorization": "Bearer wrong"})
    assert problem(answer) == (401, "not_signed_in")


@on_each_database
async def test_one_session_too_many_ends_the_one_that_was_used_longest_ago(world: World) -> None:
    first, bo = await world.person("Ada"), await world.person("Bo")
    second = await world.sign_in(first.email)
    world.clock.move(timedelta(minutes=2))
    assert (await first.get("/v1/me")).status_code == 200
    for _ in range(limits.SESSIONS - 2):
        newest = await world.sign_in(first.email)
    assert len((await first.get("/v1/sessions")).json()["sessions"]) == limits.SESSIONS
    newest = await world.sign_in(first.email)
    assert problem(await second.get("/v1/me")) == (401, "not_signed_in")
    assert len((await newest.get("/v1/sessions")).json()["sessions"]) == limits.SESSIONS
    assert {(await each.get("/v1/me")).status_code for each in (first, newest, bo)} == {200}
