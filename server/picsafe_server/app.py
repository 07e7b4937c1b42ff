"""Composes the application from the roles of this process."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal

import httpx
import msgspec
from litestar import Litestar, Router, get
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ControllerRouterHandler, Message, Scope

from picsafe_protocol.contracts import limits
from picsafe_server.http import security_headers
from picsafe_server.http.guards import PUBLIC, route_access, router_access
from picsafe_server.http.head_requests import HeadAsGet
from picsafe_server.http.json_guard import StrictJsonRequest
from picsafe_server.http.problem_details import problem_response
from picsafe_server.http.role_client import RoleTransport, role_client
from picsafe_server.http.static_client import ClientFiles
from picsafe_server.monitoring.metrics import Metrics
from picsafe_server.monitoring.readiness import Readiness, ready
from picsafe_server.openapi.operations import SCHEMES
from picsafe_server.openapi.page import OpenApiOnce, api_page
from picsafe_server.role import RoleContext, ServerRole
from picsafe_server.runtime.clock import Clock, SystemClock
from picsafe_server.runtime.sweeper import Sweeper
from picsafe_server.settings import Settings


def create_app(
    settings: Settings, clock: Clock | None = None, network: httpx.AsyncBaseTransport | None = None
) -> Litestar:
    """Build the application for `settings`. Its `state.roles` maps names to roles. `network` is the transport for calls
    to roles in other processes; the default is the real network.
    """
    roles, transport, state = app_parts(settings, clock, network)
    handlers: list[ControllerRouterHandler] = [_health, ready, api_page]
    handlers += [role.router() for role in roles]
    if "client" in settings.roles:
        handlers.append(ClientFiles(settings.client_folder, settings).router())
    app = Litestar(
        route_handlers=handlers,
        request_class=StrictJsonRequest,
        exception_handlers={Exception: problem_response},
        lifespan=[_lifespan],
        before_send=[_security_headers(settings)],
        cors_config=_cors(settings),
        openapi_config=OpenAPIConfig(
            title="PicSafe",
            version="1",
            description="Clinical photos from a phone to the medical record, encrypted from end to end.",
            # An empty list would mean pages of other origins' scripts; the page for people is `api_page`.
            render_plugins=[OpenApiOnce(path="/openapi.json")],
            openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, **router_access(PUBLIC)),
            use_handler_docstrings=True,
            components=SCHEMES,
        ),
        state=State(state, deep_copy=False),
        request_max_body_size=limits.JSON_BODY_BYTES,
        debug=False,
        logging_config=None,
    )
    app.asgi_handler = HeadAsGet(app.asgi_handler)
    transport.app = app
    return app


def app_parts(
    settings: Settings, clock: Clock | None, network: httpx.AsyncBaseTransport | None
) -> tuple[list[ServerRole], RoleTransport, dict[str, Any]]:
    """What an application is made of beside its routes: its roles, the transport between them, which needs to know the
    application, and its state.
    """
    clock = clock or SystemClock()
    transport = RoleTransport(_local_bases(settings), network)
    context = RoleContext(settings=settings, clock=clock, http=role_client(transport))
    built = _build_roles(context)
    roles = {role.name: role for role in built}
    sweeper = Sweeper(clock)
    readiness = Readiness(roles, sweeper, settings)
    metrics = Metrics(roles, sweeper, readiness)
    state = {"roles": roles, "http": context.http, "readiness": readiness, "sweeper": sweeper, "metrics": metrics}
    return built, transport, state


def _local_bases(settings: Settings) -> list[str]:
    bases = {"users": [settings.users_base], "keys": [settings.keys_base]}
    bases["cloud"] = [settings.cloud_base(region) for region in settings.regions]
    return [base for role in settings.roles for base in bases.get(role, [])]


@contextlib.asynccontextmanager
async def build_role(settings: Settings, name: str) -> AsyncIterator[ServerRole]:
    """One role of `settings`, not started, for a command."""
    http = role_client(RoleTransport([]))
    context = RoleContext(settings=dataclasses.replace(settings, roles=(name,)), clock=SystemClock(), http=http)
    async with http:
        yield _build_roles(context)[0]


def _build_roles(context: RoleContext) -> list[ServerRole]:
    # Imported here, so that a process only loads the roles that it plays.
    roles: list[ServerRole] = []
    if "users" in context.settings.roles:
        from picsafe_server.users.role import UsersRole

        roles.append(UsersRole(context))
    if "cloud" in context.settings.roles:
        from picsafe_server.cloud.role import CloudRole

        roles.append(CloudRole(context))
    if "keys" in context.settings.roles:
        from picsafe_server.keys.role import KeysRole

        roles.append(KeysRole(context))
    return roles


@contextlib.asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    roles: Mapping[str, ServerRole] = app.state.roles
    sweeper: Sweeper = app.state.sweeper
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(app.state.http.aclose)
        for role in roles.values():
            await role.start()
            stack.push_async_callback(role.stop)
        steps = {role.name: role.steps() for role in roles.values()}
        await stack.enter_async_context(sweeper.running(steps))
        yield


def _security_headers(settings: Settings) -> Callable[[Message, Scope], Any]:
    # Encoded once, not for every answer: of a small one they are the larger part.
    always = _encoded(security_headers.ALWAYS)
    if settings.public_url.startswith("https"):
        always |= _encoded({"Strict-Transport-Security": security_headers.TRANSPORT_SECURITY})
    default = _encoded({"Content-Security-Policy": security_headers.API_POLICY, "Cache-Control": "no-store"})

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        given = [(name.lower(), value) for name, value in message["headers"]]
        names = {name for name, _ in given}
        own = [(name, value) for name, value in given if name not in always]
        missing = [(name, value) for name, value in default.items() if name not in names]
        message["headers"] = [*own, *always.items(), *missing]

    return add


def _encoded(values: Mapping[str, str]) -> dict[bytes, bytes]:
    return {name.lower().encode("ascii"): value.encode("latin-1") for name, value in values.items()}


def _cors(settings: Settings) -> CORSConfig | None:
    if not settings.client_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.client_origins),
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Content-Digest", "Range", "If-Range"],
        expose_headers=["Content-Range", "Content-Length", "ETag", "Accept-Ranges", "Retry-After", "Date"],
        max_age=600,
    )


class Health(msgspec.Struct):
    """The process answers."""

    status: Literal["alive"] = "alive"


@get("/health", summary="The process is alive", tags=["process"], **route_access(PUBLIC))
async def _health() -> Health:
    return Health()
