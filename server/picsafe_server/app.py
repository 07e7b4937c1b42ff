"""One application out of the roles that this process plays."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal

import httpx
import msgspec
from litestar import Litestar, MediaType, Response, Router, get
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler, Message, Scope

from picsafe_protocol import limits
from picsafe_server import headers
from picsafe_server.access import OPEN, only, within
from picsafe_server.api_operations import SCHEMES
from picsafe_server.api_page import api_page
from picsafe_server.client_files import ClientFiles
from picsafe_server.clock import Clock, SystemClock
from picsafe_server.head import HeadAsGet
from picsafe_server.http import RoleTransport, role_client
from picsafe_server.json_bodies import StrictJsonRequest
from picsafe_server.problems import problem_response
from picsafe_server.roles import Context, Role
from picsafe_server.settings import Settings

SWEEP_SECONDS = 30
"""How often each role looks for what is due. Expiry itself does not wait for it: opening compares with the clock."""

_log = logging.getLogger("picsafe.app")


def create_app(
    settings: Settings, clock: Clock | None = None, network: httpx.AsyncBaseTransport | None = None
) -> Litestar:
    """The application of `settings`. Its `state.roles` holds the roles by name. `network` carries calls to roles elsewhere: the real one when left out."""
    clock = clock or SystemClock()
    transport = RoleTransport(_local_bases(settings), network)
    context = Context(settings=settings, clock=clock, http=role_client(transport))
    roles = {role.name: role for role in _build_roles(context)}

    handlers: list[ControllerRouterHandler] = [_health, _ready, api_page]
    handlers += [role.router() for role in roles.values()]
    if "client" in settings.roles:
        handlers.append(ClientFiles(settings.client_folder, settings).router())
    app = Litestar(
        route_handlers=handlers,
        request_class=StrictJsonRequest,
        exception_handlers={Exception: problem_response},
        lifespan=[_lifespan(roles, context)],
        before_send=[_security_headers(settings)],
        cors_config=_cors(settings),
        openapi_config=OpenAPIConfig(
            title="PicSafe",
            version="1",
            description="Clinical photos from a phone to the medical record, encrypted from end to end.",
            # An empty list would mean pages of other origins' scripts; the page for people is `api_page`.
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, **within(OPEN)),
            use_handler_docstrings=True,
            components=SCHEMES,
        ),
        state=State({"roles": roles}, deep_copy=False),
        request_max_body_size=limits.JSON_BODY_BYTES,
        debug=False,
        logging_config=None,
    )
    app.asgi_handler = HeadAsGet(app.asgi_handler)
    transport.app = app
    return app


def _local_bases(settings: Settings) -> list[str]:
    bases = {"users": [settings.users_base], "keys": [settings.keys_base]}
    bases["cloud"] = [settings.cloud_base(region) for region in settings.regions]
    return [base for role in settings.roles for base in bases.get(role, [])]


@contextlib.asynccontextmanager
async def build_role(settings: Settings, name: str) -> AsyncIterator[Role]:
    """One role of `settings`, not started, for a command."""
    http = role_client(RoleTransport([]))
    context = Context(settings=dataclasses.replace(settings, roles=(name,)), clock=SystemClock(), http=http)
    async with http:
        yield _build_roles(context)[0]


def _build_roles(context: Context) -> list[Role]:
    # Imported here, so that a process only loads the roles that it plays.
    roles: list[Role] = []
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


def _lifespan(
    roles: Mapping[str, Role], context: Context
) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(context.http.aclose)
            for role in roles.values():
                await role.start()
                stack.push_async_callback(role.stop)
            sweeper = asyncio.create_task(_sweep_for_ever(roles))
            stack.push_async_callback(_cancelled, sweeper)
            yield

    return lifespan


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _sweep_for_ever(roles: Mapping[str, Role]) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        for role in roles.values():
            try:
                done = await role.sweep()
            except Exception as error:  # noqa: BLE001 one role's trouble must not stop the others, nor the next round
                _log.error("sweep of %s failed", role.name, exc_info=error)
            else:
                if any(done.values()):
                    _log.info("sweep of %s: %s", role.name, dict(done))


def _security_headers(settings: Settings) -> Callable[[Message, Scope], Any]:
    # Encoded once, not for every answer: of a small one they are the larger part.
    always = _encoded(headers.ALWAYS)
    if settings.public_url.startswith("https"):
        always |= _encoded({"Strict-Transport-Security": headers.TRANSPORT_SECURITY})
    default = _encoded({"Content-Security-Policy": headers.API_POLICY, "Cache-Control": "no-store"})

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


class Readiness(msgspec.Struct):
    """Whether every role of the process can serve."""

    status: Literal["ready", "not ready"]
    roles: dict[str, Literal["ready", "not ready"]]


@get("/health", summary="The process is alive", tags=["process"], **only(OPEN))
async def _health() -> Health:
    return Health()


@get("/ready", summary="Every role can serve", tags=["process"], media_type=MediaType.JSON, **only(OPEN))
async def _ready(state: State) -> Response[Readiness]:
    """503 with the same fields where a role cannot serve: `roles` names which."""
    answer: dict[str, Literal["ready", "not ready"]] = {}
    for role in state.roles.values():
        try:
            async with asyncio.timeout(5):
                await role.ready()
            answer[role.name] = "ready"
        except Exception as error:  # noqa: BLE001 whatever it is, the role is not ready
            _log.warning("%s is not ready", role.name, exc_info=error)
            answer[role.name] = "not ready"
    well = all(value == "ready" for value in answer.values())
    return Response(Readiness("ready" if well else "not ready", answer), status_code=200 if well else 503)
