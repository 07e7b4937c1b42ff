"""Who may call the cloud: the holder of a grant that fits it, the report and the action, and nobody else, on every route."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness.cloud_server import (
    DELETE,
    DOWNLOAD,
    OTHER_USERS,
    PUBLIC,
    UPLOAD,
    World,
    bytes_of,
    content_digest,
    problem,
    sha256,
)

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import GRANT_SECONDS
from picsafe_protocol.contracts.tokens import GRANT_TYPE, RECEIPT_TYPE, USER_TOKEN_TYPE
from picsafe_protocol.crypto.package_digest import Pieces, hash_pieces
from picsafe_protocol.format.composing import completion
from picsafe_server.auth.tokens import Signer

pytestmark = pytest.mark.anyio

CONTENT = bytes_of(1000)
REPORT = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
USERS = f"{PUBLIC}/users"
AU = f"{PUBLIC}/cloud/au"

ROUTES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "begin": ("POST", "uploads/{id}", UPLOAD, {"json": {"size": len(CONTENT)}}),
    "state": ("GET", "uploads/{id}", UPLOAD, {}),
    "put part": ("PUT", "uploads/{id}/parts/0", UPLOAD, {"content": CONTENT}),
    "complete": ("POST", "uploads/{id}/complete", UPLOAD, {"json": {"sha256": sha256(CONTENT)}}),
    "abort": ("DELETE", "uploads/{id}", UPLOAD, {}),
    "download": ("GET", "packages/{id}", DOWNLOAD, {}),
    "describe": ("HEAD", "packages/{id}", DOWNLOAD, {}),
    "pieces": ("GET", "packages/{id}/pieces", DOWNLOAD, {}),
    "delete": ("DELETE", "packages/{id}", DELETE, {}),
}


def token(world: World, *, issuer: str = USERS, audience: str = AU, kind: str = GRANT_TYPE, **claims: Any) -> str:
    body = {"sub": new_identifier(), "rid": REPORT, "act": UPLOAD, **claims}
    seconds = body.pop("seconds", GRANT_SECONDS)
    return world.users.signers[issuer].sign(kind, audience, seconds, **body)


def stranger(world: World, issuer: str) -> Signer:
    return Signer(issuer, Ed25519PrivateKey.generate(), world.clock)


def other_action(action: str) -> str:
    return DOWNLOAD if action != DOWNLOAD else UPLOAD


REFUSED: dict[str, Callable[[World, str], str | None]] = {
    "no token": lambda world, action: None,
    "an empty header": lambda world, action: "",
    "another scheme": lambda world, action: f"Basic {token(world, act=action)}",
    "no scheme": lambda world, action: token(world, act=action),
    "an empty token": lambda world, action: "Bearer ",
    "not a token": lambda world, action: "Bearer let-me-in",
    "a token of three dots": lambda world, action: "Bearer ...",
    "another action": lambda world, action: f"Bearer {token(world, act=other_action(action))}",
    "no action": lambda world, action: f"Bearer {token(world, act=None)}",
    "an unknown action": lambda world, action: f"Bearer {token(world, act='package.*')}",
    "a list of actions": lambda world, action: f"Bearer {token(world, act=[UPLOAD, DOWNLOAD, DELETE])}",
    "another report": lambda world, action: f"Bearer {token(world, act=action, rid=new_identifier())}",
    "no report": lambda world, action: f"Bearer {token(world, act=action, rid=None)}",
    "another region": lambda world, action: f"Bearer {token(world, act=action, audience=f'{PUBLIC}/cloud/de')}",
    "the key server": lambda world, action: f"Bearer {token(world, act=action, audience=f'{PUBLIC}/keys')}",
    "a user token": lambda world, action: f"Bearer {token(world, act=action, kind=USER_TOKEN_TYPE)}",
    "a receipt": lambda world, action: f"Bearer {token(world, act=action, kind=RECEIPT_TYPE)}",
    "an expired one": lambda world, action: f"Bearer {token(world, act=action, seconds=-61)}",
    "one without end": lambda world, action: f"Bearer {token(world, act=action, seconds=None)}",
    "the region's own signature": lambda world, action: (
        f"Bearer {world.role.regions['au'].signer.sign(GRANT_TYPE, AU, 60, act=action, rid=REPORT)}"
    ),
    "an untrusted issuer": lambda world, action: (
        f"Bearer {stranger(world, 'https://elsewhere.example').sign(GRANT_TYPE, AU, 60, act=action, rid=REPORT)}"
    ),
    "a forged signature": lambda world, action: (
        f"Bearer {stranger(world, USERS).sign(GRANT_TYPE, AU, 60, act=action, rid=REPORT)}"
    ),
    "no signature": lambda world, action: "Bearer " + unsigned(world, action),
    "a signature cut off": lambda world, action: f"Bearer {token(world, act=action)[:-4]}",
    "an end that is a text": lambda world, action: f"Bearer {token(world, act=action, until='tomorrow')}",
    "an end that is a truth": lambda world, action: f"Bearer {token(world, act=action, until=True)}",
    "a size that is a text": lambda world, action: f"Bearer {token(world, act=action, size='large')}",
    "a size that is a truth": lambda world, action: f"Bearer {token(world, act=action, size=True)}",
    "an end beyond all years": lambda world, action: f"Bearer {token(world, act=action, until=10**15)}",
}


def unsigned(world: World, action: str) -> str:
    now = int(world.clock.now().timestamp())
    claims = {"iss": USERS, "aud": AU, "iat": now, "exp": now + 60, "act": action, "rid": REPORT}
    return jwt.encode(claims, key="", algorithm="none", headers={"typ": GRANT_TYPE})


async def call(world: World, route: str, authorization: str | None, region: str = "au", report: str = REPORT) -> Any:
    method, path, _, body = ROUTES[route]
    headers = {"Content-Digest": content_digest(CONTENT)} if route == "put part" else {}
    if authorization is not None:
        headers["Authorization"] = authorization
    url = f"/cloud/{region}/v1/{path.format(id=report)}"
    return await world.client.request(method, url, headers=headers, **body)


async def test_every_route_refuses_every_grant_that_does_not_fit(files_world: World, subtests: pytest.Subtests) -> None:
    for route in ROUTES:
        with subtests.test(route=route):
            action = ROUTES[route][2]
            for name, authorization in REFUSED.items():
                answer = await call(files_world, route, authorization(files_world, action))
                assert answer.status_code == 401, name
                assert answer.headers["www-authenticate"] == "Bearer", name
                if route != "describe":
                    assert problem(answer) == (401, "token_refused"), name
            assert await files_world.role.regions["au"].ledger.find(REPORT) is None


@pytest.mark.parametrize("route", ROUTES)
async def test_a_grant_that_fits_is_let_in(files_world: World, route: str) -> None:
    await files_world.upload(CONTENT, REPORT, body=completion(sha256(CONTENT), Pieces(1000, hash_pieces(CONTENT))))
    answer = await call(files_world, route, f"Bearer {token(files_world, act=ROUTES[route][2])}")
    assert answer.status_code in {200, 201, 204, 409}


async def test_a_region_that_is_not_here_is_not_found(files_world: World) -> None:
    # The region is looked up before the route: each route with one, and one route with every spelling.
    asked = [(route, "ca") for route in ROUTES]
    asked += [(next(iter(ROUTES)), region) for region in ("xx", "AU", "..", "%2e%2e")]
    for route, region in asked:
        grant = token(files_world, act=ROUTES[route][2], audience=f"{PUBLIC}/cloud/{region}")
        answer = await call(files_world, route, f"Bearer {grant}", region=region)
        assert answer.status_code == 404, (route, region)


async def test_what_is_no_identifier_is_refused_even_with_a_grant_for_it(
    files_world: World, subtests: pytest.Subtests
) -> None:
    for report in ["a", "A" * 26, "a" * 27, "%2e%2e%2f" * 8, "a" * 25 + "%00", "%C3%A4" * 26, "1" * 26]:
        with subtests.test(report=report):
            grant = token(files_world, act=UPLOAD, rid=unquote(report))
            answer = await call(files_world, "begin", f"Bearer {grant}", report=report)
            assert answer.status_code in {400, 404}


async def test_a_grant_is_good_until_its_end_and_the_leeway_between_clocks(files_world: World) -> None:
    await files_world.upload(CONTENT, REPORT)
    authorization = f"Bearer {token(files_world, act=DOWNLOAD, seconds=600)}"
    files_world.clock.move(timedelta(seconds=650))
    assert (await call(files_world, "download", authorization)).status_code == 200
    files_world.clock.move(timedelta(seconds=15))
    assert problem(await call(files_world, "download", authorization)) == (401, "token_refused")


async def test_a_grant_from_a_clock_that_is_an_hour_ahead_is_refused_and_says_so(files_world: World) -> None:
    authorization = f"Bearer {token(files_world, act=UPLOAD, iat=int(files_world.clock.now().timestamp()) + 3600)}"
    answer = await call(files_world, "begin", authorization)
    assert problem(answer) == (401, "token_refused")
    assert answer.json()["reason"] == "clock"


async def test_a_package_is_out_of_reach_of_another_trusted_user_server(
    files_world: World, subtests: pytest.Subtests
) -> None:
    await files_world.upload(CONTENT, REPORT)
    for route in [route for route in ROUTES if route != "abort"]:
        with subtests.test(route=route):
            authorization = f"Bearer {token(files_world, issuer=OTHER_USERS, act=ROUTES[route][2])}"
            answer = await call(files_world, route, authorization)
            assert answer.status_code == 404
            assert (await files_world.download(REPORT)).content == CONTENT


async def test_an_upload_survives_what_another_trusted_user_server_does_to_it(files_world: World) -> None:
    await files_world.begin(REPORT, len(CONTENT))
    for route in ROUTES:
        await call(files_world, route, f"Bearer {token(files_world, issuer=OTHER_USERS, act=ROUTES[route][2])}")
    await files_world.put(REPORT, 0, CONTENT)
    assert (await files_world.complete(REPORT, sha256(CONTENT))).status_code == 201


async def test_another_trusted_user_server_gets_receipts_of_its_own(files_world: World) -> None:
    await files_world.begin(REPORT, len(CONTENT), issuer=OTHER_USERS)
    await files_world.put(REPORT, 0, CONTENT, issuer=OTHER_USERS)
    answer = await files_world.complete(REPORT, sha256(CONTENT), issuer=OTHER_USERS)
    assert (await files_world.receipt_claims(answer.json()["receipt"]))["aud"] == OTHER_USERS


async def test_regions_share_nothing(files_world: World) -> None:
    await files_world.upload(CONTENT, REPORT, region="de")
    assert problem(await files_world.download(REPORT, region="au")) == (404, "not_found")
    assert (await files_world.download(REPORT, region="de")).content == CONTENT
    folder = files_world.settings.data / "cloud"
    assert [path.parent.parent.name for path in folder.glob("*/packages/*")] == ["de"]
    keys = [(await files_world.client.get(f"/cloud/{region}/.well-known/jwks.json")).json() for region in ("au", "de")]
    assert keys[0] != keys[1]


async def test_a_user_server_that_is_away_is_not_the_callers_fault(
    files_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorization = f"Bearer {token(files_world, act=UPLOAD)}"
    monkeypatch.setattr(files_world.users, "signers", {})
    assert problem(await call(files_world, "begin", authorization)) == (503, "service")


@pytest.mark.parametrize("region", ["ca", "xx", ""])
async def test_the_keys_of_a_region_that_is_not_here_are_not_found(files_world: World, region: str) -> None:
    answer = await files_world.client.get(f"/cloud/{region}/.well-known/jwks.json")
    assert answer.status_code == 404


async def test_every_route_declares_who_may_call_it(files_world: World) -> None:
    declared = {
        (method, route.path): handler.opt.get("access")
        for route in files_world.app.routes
        if route.path.startswith("/cloud")
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if method != "OPTIONS"
    }
    prefix = "/cloud/{region:str}"
    assert declared == {
        ("GET", f"{prefix}/.well-known/jwks.json"): "open",
        **{
            (
                method,
                f"{prefix}/v1/{path.replace('{id}', '{report_id:str}').replace('parts/0', 'parts/{index:int}')}",
            ): (f"grant {action}")
            for method, path, action, _ in ROUTES.values()
            if method != "HEAD"  # comes with GET
        },
    }
