"""What other sites can do with somebody's cookie: nothing."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from harness.user_server import PASSWORD, World, on_sqlite, problem, running_world

pytestmark = pytest.mark.anyio

OURS = "http://localhost:8000"


async def sign_in_with_cookie(world: World) -> None:
    """From now on `world.http` sends a person's cookie."""
    account = await world.account("Ada")
    await world.http.post("/users/v1/sessions", json={"email": account.email, "password": PASSWORD})


async def with_cookie(world: World, headers: dict[str, str], method: str = "PATCH") -> httpx.Response:
    """A request with nothing but the cookie to authenticate it."""
    body = {"name": "Mallory"} if method == "PATCH" else None
    return await world.http.request(method, "/users/v1/me", json=body, headers=headers)


@on_sqlite
async def test_our_own_page_may_change_things(world: World, subtests: pytest.Subtests) -> None:
    await sign_in_with_cookie(world)
    for headers in [
        {"Origin": OURS},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": OURS, "Sec-Fetch-Site": "same-origin"},
    ]:
        with subtests.test(headers=headers):
            assert (await with_cookie(world, headers)).status_code == 200


@on_sqlite
async def test_nobody_else_may(world: World, subtests: pytest.Subtests) -> None:
    await sign_in_with_cookie(world)
    for headers in [
        {},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "https://localhost:8000"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:8000.evil.example"},
        {"Origin": "http://LOCALHOST:8000/"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Referer": OURS + "/"},
    ]:
        with subtests.test(headers=headers):
            assert problem(await with_cookie(world, headers)) == (403, "not_permitted")


@on_sqlite
async def test_reading_needs_no_origin(world: World, subtests: pytest.Subtests) -> None:
    await sign_in_with_cookie(world)
    for headers in [{}, {"Origin": "https://evil.example"}]:
        with subtests.test(headers=headers):
            assert (await with_cookie(world, headers, "GET")).status_code == 200


@on_sqlite
async def test_a_token_in_the_header_needs_no_origin(world: World) -> None:
    ada = await world.person("Ada")
    assert (await ada.patch("/v1/me", {"name": "Ada L."})).json()["name"] == "Ada L."


@on_sqlite
async def test_no_other_site_signs_anybody_in(world: World, subtests: pytest.Subtests) -> None:
    await world.account("Ada")
    body = {"email": "ada@example.org", "password": PASSWORD}
    for headers in [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]:
        with subtests.test(headers=headers):
            answer = await world.http.post("/users/v1/sessions", json=body, headers=headers)
            assert problem(answer) == (403, "not_permitted")


@on_sqlite
async def test_a_form_is_no_request(world: World, subtests: pytest.Subtests) -> None:
    await world.account("Ada")
    body = b'{"email":"ada@example.org","password":"correct horse battery"}'
    for content_type in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
    ]:
        with subtests.test(content_type=content_type):
            answer = await world.http.post("/users/v1/sessions", content=body, headers={"Content-Type": content_type})
            assert problem(answer) == (400, "invalid_request")


@on_sqlite
async def test_json_may_say_its_character_set(world: World) -> None:
    await world.account("Ada")
    body = b'{"email":"ada@example.org","password":"correct horse battery"}'
    kind = {"Content-Type": "application/json; charset=utf-8"}
    assert (await world.http.post("/users/v1/sessions", content=body, headers=kind)).status_code == 201


async def test_under_https_the_cookie_is_bound_to_host_and_connection(tmp_path: Path) -> None:
    async with running_world(tmp_path, public_url="https://picsafe.example") as world:
        account = await world.account("Ada")
        body = {"email": account.email, "password": PASSWORD}
        answer = await world.http.post("/users/v1/sessions", json=body)
        session, device = answer.headers.get_list("set-cookie")
        assert device.startswith("__Host-picsafe-device=")
        assert "Secure" in device
        name, _, rest = session.partition("=")
        assert name == "__Host-picsafe-session"
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(rest.split("; "))
        assert "Domain" not in rest
        token = rest.partition(";")[0]
        world.http.cookies.clear()
        plain = await world.http.get("/users/v1/me", headers={"Cookie": f"picsafe-session={token}"})
        assert problem(plain) == (401, "not_signed_in")
        bound = await world.http.get("/users/v1/me", headers={"Cookie": f"__Host-picsafe-session={token}"})
        assert bound.status_code == 200


async def test_further_origins_of_the_client_may_be_named(tmp_path: Path) -> None:
    async with running_world(tmp_path, client_origins=("https://app.example",)) as world:
        await sign_in_with_cookie(world)
        assert (await with_cookie(world, {"Origin": "https://app.example"})).status_code == 200
        assert problem(await world.http.delete("/users/v1/sessions/current")) == (403, "not_permitted")
