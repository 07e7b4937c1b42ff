"""Runs the application over HTTP or HTTPS, with an orderly shutdown and a log without secrets."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from picsafe_protocol.contracts import limits
from picsafe_server.app import create_app
from picsafe_server.http.request_limits import BodyTimeoutMiddleware, BoundedProtocol, end_connections, raise_fd_limit
from picsafe_server.monitoring.metrics import Metrics
from picsafe_server.monitoring.readiness import Readiness
from picsafe_server.role import migrate
from picsafe_server.runtime.database import Database
from picsafe_server.settings import Settings

SHUTDOWN_SECONDS: Final = 20
"""How long requests under way may take once the process was told to stop."""

COLLECT_AFTER: Final = 50_000
"""New objects that can be part of a cycle before the collector looks: some ten megabytes."""

_log = logging.getLogger("picsafe.request")
_lifecycle = logging.getLogger("picsafe.process")


@dataclass(frozen=True)
class Certificate:
    """Paths of a TLS certificate chain and its key, PEM."""

    chain: Path
    key: Path


class _Server(uvicorn.Server):
    """Goes on for a while after it was told to stop, while `/ready` says so; then tells the roles, before it waits for
    connections to end: live inboxes would never end by themselves."""

    def __init__(self, config: uvicorn.Config, app: Litestar, drain_seconds: float) -> None:
        super().__init__(config)
        self._roles = app.state.roles.values()
        self._readiness: Readiness = app.state.readiness
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        tune_gc()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM begins to drain, and a second one stops at once; so does Ctrl-C."""
        if sig != signal.SIGTERM or self._stop_at is not None or not self._drain_seconds:
            super().handle_exit(sig, frame)
            return
        self._stop_at = time.monotonic() + self._drain_seconds
        self._readiness.is_draining = True
        _lifecycle.info("stopping in %.0f s; requests are still taken", self._drain_seconds)

    async def on_tick(self, counter: int) -> bool:
        if self._stop_at is not None and time.monotonic() >= self._stop_at and not self.should_exit:
            super().handle_exit(signal.SIGTERM, None)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _lifecycle.info("stopping")
        for role in self._roles:
            role.closing()
        await super().shutdown(sockets)
        await end_connections(self)
        _lifecycle.info("stopped")


def tune_gc() -> None:
    """Exclude objects made at start from garbage collection, and collect rarely: requests create few cycles, and
    looking for them took a tenth of the time of a key release.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


@contextmanager
def private_files() -> Iterator[None]:
    """Within the block, files that this process writes (databases, ciphertext, keys) are accessible to its own user
    only.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


class RequestLog:
    """One line per request: method, path, status and milliseconds. Queries, headers and bodies are never logged."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

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
            seconds = time.perf_counter() - started
            self._metrics.count(status, seconds)
            # a path may have been typed by anybody: no line breaks, no endless lines
            path = scope["path"][:200].encode("unicode_escape").decode("ascii")
            _log.info("%s %s %d %.0f ms", scope["method"], path, status, seconds * 1000)


def serve(
    settings: Settings, host: str, port: int, certificate: Certificate | None = None, trusted_proxies: str = "127.0.0.1"
) -> None:
    """Serve until the process receives a signal to stop.

    `trusted_proxies`: comma-separated addresses of proxies whose `X-Forwarded-For` is believed.
    """
    raise_fd_limit()
    asyncio.run(_prepare(settings))
    app = create_app(settings)
    metrics: Metrics = app.state.metrics
    _lifecycle.info("PicSafe %s: %s on %s:%d", version("picsafe-server"), _played(settings), host, port)
    with metrics.served(settings.metrics_address):
        make_server(app, host, port, certificate, trusted_proxies, settings.drain_seconds).run()


async def _prepare(settings: Settings) -> None:
    """Wait for the databases and migrate them before anything is listened on: what is wrong with them is said in a
    line.
    """
    for role in ("users", "cloud", "keys"):
        if role in settings.roles:
            database = Database(settings.database(role), Path(__file__).parent / role / "migrations")
            await migrate(role, database)
            await database.close()


def _played(settings: Settings) -> str:
    roles = ", ".join(settings.roles)
    return f"{roles} (regions {', '.join(settings.regions)})" if "cloud" in settings.roles else roles


def make_server(
    app: Litestar,
    host: str,
    port: int,
    certificate: Certificate | None = None,
    trusted_proxies: str = "127.0.0.1",
    drain_seconds: float = 0,
) -> uvicorn.Server:
    """What `serve` runs, for `app`."""
    config = uvicorn.Config(
        RequestLog(BodyTimeoutMiddleware(app), app.state.metrics),
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
    return _Server(config, app, drain_seconds)


def configure_logging() -> None:
    """Lines on standard error, with the time in UTC."""
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "botocore", "boto3", "alembic", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
