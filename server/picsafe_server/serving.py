"""Runs the application: HTTP or HTTPS, orderly at its end, and with a log that holds nothing secret."""

from __future__ import annotations

import gc
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from picsafe_protocol import limits
from picsafe_server.app import create_app
from picsafe_server.bounds import BodyInTime, BoundedProtocol, allow_files
from picsafe_server.settings import Settings

SHUTDOWN_SECONDS: Final = 20
"""How long requests under way may take once the process was told to stop."""

COLLECT_AFTER: Final = 50_000
"""New objects that can be part of a cycle before the collector looks: some ten megabytes."""

_log = logging.getLogger("picsafe.request")


@dataclass(frozen=True)
class Certificate:
    """Paths of a TLS certificate chain and its key, PEM."""

    chain: Path
    key: Path


class _Server(uvicorn.Server):
    """Tells the roles before it waits for connections to end, since live inboxes would never end by themselves."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._roles = app.state.roles.values()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        calm_collector()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for role in self._roles:
            role.closing()
        await super().shutdown(sockets)


def calm_collector() -> None:
    """Let the garbage collector leave alone what was made at start, and look for cycles rarely: requests make few, and
    looking for them took a tenth of a key's release."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


@contextmanager
def private_files() -> Iterator[None]:
    """Within the block what this process writes is for its own user alone: databases, ciphertext, keys."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


class RequestLog:
    """One line a request: method, path, status and milliseconds. Queries, headers and bodies are never logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        status = 0
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            took = (time.perf_counter() - started) * 1000
            # a path may have been typed by anybody: no line breaks, no endless lines
            path = scope["path"][:200].encode("unicode_escape").decode("ascii")
            _log.info("%s %s %d %.0f ms", scope["method"], path, status, took)


def serve(
    settings: Settings, host: str, port: int, certificate: Certificate | None = None, trusted_proxies: str = "127.0.0.1"
) -> None:
    """Serve until the process is told to stop. `trusted_proxies`: addresses whose `X-Forwarded-For` is believed (comma)."""
    allow_files()
    make_server(create_app(settings), host, port, certificate, trusted_proxies).run()


def make_server(
    app: Litestar, host: str, port: int, certificate: Certificate | None = None, trusted_proxies: str = "127.0.0.1"
) -> uvicorn.Server:
    """What `serve` runs, for `app`."""
    config = uvicorn.Config(
        RequestLog(BodyInTime(app)),
        host=host,
        port=port,
        http=BoundedProtocol,
        limit_concurrency=limits.CONNECTIONS,
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ssl_certfile=certificate.chain if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )
    return _Server(config, app)


def configure_logging() -> None:
    """Lines on standard error, with the time in UTC."""
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "botocore", "boto3", "alembic", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
