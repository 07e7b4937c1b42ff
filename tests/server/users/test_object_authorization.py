"""Another user's objects are refused on every route that names one, as if they did not exist."""

from __future__ import annotations

import pytest
from harness.user_server import Caller, World, problem, somebody
from litestar.routes import HTTPRoute

from picsafe_protocol.contracts.tokens import Role

pytestmark = pytest.mark.anyio

BODIES = {
    "/users/v1/reports/{report_id}/outbox": {"package": {"size": 1, "sha256": "0" * 64, "digest": "0" * 64}},
    "/users/v1/reports/{report_id}/receipt": {"receipt": "x"},
    "/users/v1/reports/{report_id}/grants": {"action": "package.download"},
    "/users/v1/institution/members/{member_id}": {"disabled": True},
}
EXPECTED = {
    # A receipt is verified before the report is looked up; this one is none.
    ("POST", "/users/v1/reports/{report_id}/receipt"): (401, "token_refused"),
    ("POST", "/users/v1/reports/{report_id}/collected"): (404, "not_found"),
}


def _routes_with_an_object(world: World) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in world.app.routes:
        if isinstance(route, HTTPRoute) and route.path_parameters and route.path.startswith("/users/"):
            found |= {(method, route.path_format) for method in route.methods if method not in {"OPTIONS", "HEAD"}}
    return found


async def test_every_route_that_names_an_object_refuses_somebody_else_s(world: World) -> None:
    ada = await world.person("Ada", institution="Royal", role=Role.ADMINISTRATOR)
    bo = await world.person("Bo", institution="Royal")
    pacs = await world.service("Royal")
    eve = await world.person("Eve", institution="Elsewhere", role=Role.ADMINISTRATOR)
    machine = await world.service("Elsewhere")
    report_id = await world.report(ada, bo)
    (session,) = (await ada.get("/v1/sessions")).json()["sessions"]
    objects = {
        "report_id": report_id,
        "session_id": session["id"],
        "member_id": bo.id,
        "account_id": pacs.id,
        "draft_id": (await ada.post("/v1/sealed-drafts")).json()["id"],
    }

    routes = _routes_with_an_object(world)
    assert len(routes) >= 11
    for method, path in sorted(routes):
        (name,) = [name for name in objects if f"{{{name}}}" in path]
        for value in (objects[name], somebody(), "nonsense", "%00", "x" * 300):
            caller = machine if path.endswith("/collected") else eve
            url = path.replace(f"{{{name}}}", value)
            body = BODIES.get(path) if method in {"POST", "PATCH"} else None
            answer = await caller.http.request(method, url, json=body)
            assert problem(answer) == EXPECTED.get((method, path), (404, "not_found")), (method, url, answer.text)

    await _nothing_happened(ada, bo, pacs, report_id)


async def _nothing_happened(ada: Caller, bo: Caller, pacs: Caller, report_id: str) -> None:
    view = (await ada.get(f"/v1/reports/{report_id}")).json()
    assert (view["state"], view["collected_at"]) == ("available", None)
    assert view["recipients"][0]["opened_at"] is None
    assert (await bo.get("/v1/me")).status_code == 200
    assert (await pacs.get("/v1/me")).status_code == 200


async def test_signed_out_nobody_gets_anything(world: World) -> None:
    for route in world.app.routes:
        if not isinstance(route, HTTPRoute) or not route.path.startswith("/users/"):
            continue
        for handler in route.route_handlers:
            if handler.opt.get("access") == "open":
                continue
            for method in handler.http_methods - {"OPTIONS"}:
                url = route.path_format.replace("{", "").replace("}", "")
                answer = await world.http.request(method, url, json={} if method in {"POST", "PATCH"} else None)
                code = "token_refused" if url.startswith("/users/v1/outbox/") else "not_signed_in"
                assert problem(answer) == (401, code), (method, url)
