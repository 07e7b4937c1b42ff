"""A real server on a real port, for what only a socket can do: break, stall, and take its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from harness.cloud_server import PUBLIC, UserServers, World
from picsafe_server.app import create_app
from picsafe_server.http.request_limits import end_connections
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@dataclass
class Served:
    """A world behind a port."""

    world: World
    port: int

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection, which reads no more than it is asked to."""
        return await asyncio.open_connection("127.0.0.1", self.port, limit=64 * 1024)


def request_head(method: str, path: str, headers: dict[str, str]) -> bytes:
    """The head of an HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def response_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers of what comes back."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    return int(head[0].split()[1]), headers


@asynccontextmanager
async def serving(data: Path, **settings: Any) -> AsyncIterator[Served]:
    """The cloud under uvicorn, as operators run it."""
    clock = MovableClock()
    users = UserServers(clock)
    chosen = Settings(public_url=PUBLIC, roles=("cloud",), regions=("au",), data=data, **settings)
    app = create_app(chosen, clock, network=users)
    server = _Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=5)
    )
    running = asyncio.create_task(server.serve())
    started = asyncio.create_task(server.listening.wait())
    await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Served(World(app, chosen, clock, client, users), port)
    finally:
        server.should_exit = True
        await running
        await end_connections(server)
