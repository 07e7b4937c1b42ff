"""Every route of the whole application says who may call it, and what it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from picsafe_server.app import create_app
from picsafe_server.openapi.description import describe, object_schemas
from picsafe_server.openapi.page import render
from picsafe_server.settings import ROLES, Settings


@pytest.fixture
def app(tmp_path: Path) -> Litestar:
    """All roles in one process. Its client has no files: what is served is the same."""
    client = tmp_path / "client"
    client.mkdir()
    (client / "manifest.json").write_text(json.dumps({}))
    return create_app(Settings(roles=ROLES, data=tmp_path / "data", client_folder=client))


def handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Each handler by the method and path it is reached by. `OPTIONS` is the framework's own: it tells the methods there are."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is no HTTP route; this test does not know how to judge it"
        for handler in route.route_handlers:
            methods = sorted(method for method in handler.http_methods if method != "OPTIONS")
            if methods:
                yield f"{'/'.join(methods)} {route.path}", handler


def test_there_are_the_routes_of_every_role(app: Litestar) -> None:
    paths = " ".join(name for name, _ in handlers(app))
    for prefix in ("/users/v1/", "/cloud/{region:str}/v1/", "/keys/v1/", "/assets/", "/health", "/ready", "/schema"):
        assert prefix in paths


def test_every_route_declares_who_may_call_it(app: Litestar) -> None:
    silent = [name for name, handler in handlers(app) if not handler.opt.get("access")]
    assert silent == []


def test_every_route_enforces_what_it_declares(app: Litestar) -> None:
    unguarded = [name for name, handler in handlers(app) if not handler.resolve_guards()]
    assert unguarded == []


def test_every_documented_route_has_a_summary_and_a_section(app: Litestar) -> None:
    for name, handler in handlers(app):
        if handler.resolve_include_in_schema():
            assert handler.summary, name
            assert handler.resolve_tags(), name


def test_every_route_of_a_role_is_documented(app: Litestar) -> None:
    documented = set(app.openapi_schema.to_schema()["paths"])
    for route in app.routes:
        if route.path.startswith(("/users/", "/cloud/", "/keys/")):
            assert route.path_format in documented


def test_only_these_are_open_to_everybody(app: Litestar) -> None:
    open_ones = {name for name, handler in handlers(app) if handler.opt.get("access") == "open"}
    assert {name for name in open_ones if name.split()[1].startswith(("/users/", "/cloud/", "/keys/"))} == {
        "POST /users/v1/sessions",
        "POST /users/v1/invitations",
        "POST /users/v1/invitations/look",
        "GET /users/.well-known/jwks.json",
        "GET /cloud/{region:str}/.well-known/jwks.json",
        "GET /keys/.well-known/jwks.json",
        "GET /keys/v1/checkpoint",
        "GET /keys/v1/consistency",
    }


def test_the_page_for_people_shows_what_a_route_answers_and_how_it_refuses(app: Litestar) -> None:
    page = render(describe(app), object_schemas(app))
    assert "<code>cursor_unknown</code>" in page
    assert "<code>ReportView</code></h3>" in page
    assert "<td><code>keyserver_url</code></td><td>string</td>" in page
