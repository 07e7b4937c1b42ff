"""User tokens: for servers on the allow-list only, and saying no more than who somebody is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from harness.user_server import World, on_sqlite, problem, running_world

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import TokenRefused
from picsafe_protocol.contracts.tokens import GRANT_TYPE, USER_TOKEN_TYPE, Role
from picsafe_server.auth.tokens import Verifier

pytestmark = pytest.mark.anyio

HERE = "http://localhost:8000/keys"


async def test_a_person_s_token_says_who_they_are(world: World) -> None:
    ada = await world.person("Ada", institution="Royal", role=Role.ADMINISTRATOR)
    token = (await ada.post("/v1/tokens", {"audience": HERE})).json()["token"]
    claims = dict(
        await Verifier([world.settings.users_base], world.http, world.clock).verify(token, USER_TOKEN_TYPE, HERE)
    )
    assert claims.pop("exp") - claims.pop("iat") == limits.USER_TOKEN_SECONDS
    assert len(claims.pop("jti")) == 26
    assert claims.pop("inst_since") <= world.clock.now().timestamp()
    assert claims == {
        "iss": "http://localhost:8000/users",
        "aud": HERE,
        "sub": ada.id,
        "name": "Ada",
        "email": ada.email,
        "inst": world.institutions["Royal"],
        "inst_name": "Royal",
        "role": "administrator",
    }


async def test_somebody_without_an_institution_has_no_role(world: World) -> None:
    ada = await world.person("Ada")
    token = (await ada.post("/v1/tokens", {"audience": HERE})).json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "iat", "exp", "jti", "name", "email"}


async def test_a_service_account_s_token_says_so(world: World) -> None:
    pacs = await world.service("Royal")
    token = (await pacs.post("/v1/tokens", {"audience": HERE})).json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["role"], claims["email"], claims["name"]) == (pacs.id, "service", "", "PACS")
    assert claims["inst"] == world.institutions["Royal"]


async def test_it_lives_five_minutes_and_is_for_one_server_and_one_purpose(world: World) -> None:
    ada = await world.person("Ada")
    answer = (await ada.post("/v1/tokens", {"audience": HERE})).json()
    verifier = Verifier([world.settings.users_base], world.http, world.clock)
    with pytest.raises(TokenRefused):
        await verifier.verify(answer["token"], USER_TOKEN_TYPE, "http://localhost:8000/cloud/au")
    with pytest.raises(TokenRefused):
        await verifier.verify(answer["token"], GRANT_TYPE, HERE)
    world.clock.move(timedelta(seconds=limits.USER_TOKEN_SECONDS + limits.CLOCK_LEEWAY_SECONDS + 1))
    with pytest.raises(TokenRefused):
        await verifier.verify(answer["token"], USER_TOKEN_TYPE, HERE)


async def test_the_allow_list_is_the_operator_s_and_the_institution_s(tmp_path: Path) -> None:
    own, partner = "https://keys.royal.example/keys", "https://keys.partner.example"
    async with running_world(tmp_path, allowed_key_servers=(partner, own)) as world:
        admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
        pacs, cy = await world.service("Royal"), await world.person("Cy", institution="Elsewhere")
        nobodys = await world.person("Dee")
        assert problem(await admin.post("/v1/tokens", {"audience": own})) == (403, "key_server_not_allowed")
        await admin.patch("/v1/institution", {"key_servers": [own]})
        for caller in (admin, pacs):
            for audience in (HERE, HERE + "/", own):
                token = (await caller.post("/v1/tokens", {"audience": audience})).json()["token"]
                assert jwt.decode(token, options={"verify_signature": False})["aud"] == audience.rstrip("/")
            assert problem(await caller.post("/v1/tokens", {"audience": partner})) == (403, "key_server_not_allowed")
        for audience in (HERE, own, partner):  # nobody but the operator decides for people without an institution
            assert (await nobodys.post("/v1/tokens", {"audience": audience})).status_code == 200
        assert problem(await cy.post("/v1/tokens", {"audience": own})) == (403, "key_server_not_allowed")


@on_sqlite
async def test_no_other_server_gets_a_token(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    for audience in [
        "",
        "keys",
        "https://keys.evil.example",
        HERE + "/../cloud/au",
        HERE + "x",
        HERE.upper(),
        HERE + "?",
        HERE + "#",
        " " + HERE,
        "http://localhost:8000",
        "http://localhost:8000/users",
        "http://localhost:8000/cloud/au",
        "http://localhost:8000@evil.example/keys",
    ]:
        with subtests.test(audience=audience):
            answer = await ada.post("/v1/tokens", {"audience": audience})
            assert problem(answer) == (403, "key_server_not_allowed")
            assert answer.json()["keyserver_url"] == audience


async def test_the_published_keys_hold_no_private_part_and_outlive_a_restart(tmp_path: Path) -> None:
    published = []
    for _ in range(2):
        async with running_world(tmp_path) as world:
            answer = await world.http.get("/users/.well-known/jwks.json")
            assert answer.headers["cache-control"] == "public, max-age=300"
            published.append(answer.json())
    assert published[0] == published[1]
    (key,) = published[0]["keys"]
    assert set(key) == {"kty", "crv", "alg", "use", "kid", "x"}
    mode = (tmp_path / "users" / "signing.pem").stat().st_mode
    assert mode & 0o077 == 0
