"""Key release over real HTTP against an empty Litestar JSON route, both driven alike, taking turns, in one run.

A release is all of it: token check, decision, a log entry that is durable (fsync), unwrapping, the proof. Each server is
one uvicorn process; the load comes from this process over a fixed number of connections, each sending its next request
when the answer to the last has arrived. The client only cuts answers apart by their Content-Length, so that it stays
well below what it measures.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import uvloop
from bench.ratios import Ratio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar, post

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.tokens import GRANT_TYPE, USER_TOKEN_TYPE
from picsafe_server.app import create_app
from picsafe_server.auth.tokens import Signer
from picsafe_server.runtime.clock import SystemClock
from picsafe_server.server import tune_gc
from picsafe_server.settings import Settings

CONNECTIONS = 256
"""Enough that a slow disk's fsync is shared by many releases, as it would be where speed matters."""
REQUESTS = 4000
"""Of one turn; a second or two."""
TURNS = 5
REPORTS = 400
RELEASES_A_TOKEN = 10
"""How many releases one user token serves: a person opening the reports of a morning, or one round of sync."""
BUDGET = 0.3
BUDGET_FRESH = 0.2


def run() -> list[Ratio]:
    """Measure; requests per second, medians of turns."""
    return uvloop.run(_run())


async def _run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        users_port, keys_port, empty_port = _free_ports(3)
        users = Signer(f"http://127.0.0.1:{users_port}/users", Ed25519PrivateKey.generate(), SystemClock())
        jwks = Path(folder) / "jwks.json"
        jwks.write_text(json.dumps(users.jwks()))
        ports = {"keys": keys_port, "empty": empty_port}
        servers = [_server(kind, port, users_port, folder) for kind, port in ports.items()]
        try:
            for server, port in zip(servers, ports.values(), strict=True):
                await _answers(server, port)
            return await _measure(users, keys_port, empty_port)
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait()


async def _measure(users: Signer, keys_port: int, empty_port: int) -> list[Ratio]:
    base = f"http://127.0.0.1:{keys_port}/keys"
    sent = await _create_reports(users, base)
    empty = cycle([_request(empty_port, "/", "x" * 500, b"{}")])
    reused = cycle(_releases(users, base, keys_port, sent, REQUESTS // RELEASES_A_TOKEN))
    for stream, port in ((empty, empty_port), (reused, keys_port)):
        await _turn(port, stream)  # warm
    rates: dict[str, list[float]] = {"empty": [], "reused": [], "fresh": []}
    for _ in range(TURNS):
        fresh = iter(_releases(users, base, keys_port, sent, REQUESTS))
        again = iter(_releases(users, base, keys_port, sent, REQUESTS // RELEASES_A_TOKEN))
        rates["empty"].append(await _turn(empty_port, empty))
        rates["reused"].append(await _turn(keys_port, again))
        rates["fresh"].append(await _turn(keys_port, fresh))
    median = {name: statistics.median(values) for name, values in rates.items()}
    return [
        _ratio(f"key release, a token for {RELEASES_A_TOKEN} of them", median["reused"], median["empty"], BUDGET),
        _ratio("key release, a token for each", median["fresh"], median["empty"], BUDGET_FRESH),
    ]


def _ratio(name: str, measured: float, reference: float, budget: float) -> Ratio:
    return Ratio(name, measured, reference, measured / reference, budget, "requests/s")


async def _create_reports(users: Signer, base: str) -> list[tuple[str, str, str]]:
    """Report, key and recipient of `REPORTS` reports."""
    owner = new_identifier()
    async with httpx.AsyncClient(timeout=60) as http:

        async def create() -> tuple[str, str, str]:
            report_id, recipient = new_identifier(), new_identifier()
            access = {"owner": owner, "recipients": [recipient], "institutions": [{"id": "i" * 26, "roles": []}]}
            grant = users.sign(GRANT_TYPE, base, 3600, sub=owner, act="key.create", rid=report_id, access=access)
            headers = {"Authorization": f"Bearer {grant}"}
            answer = await http.post(f"{base}/v1/keys", json={"report_id": report_id}, headers=headers)
            answer.raise_for_status()
            return report_id, answer.json()["key_id"], recipient

        return await asyncio.gather(*(create() for _ in range(REPORTS)))


def _releases(users: Signer, base: str, port: int, sent: Sequence[tuple[str, str, str]], tokens: int) -> list[bytes]:
    """`REQUESTS` requests with `tokens` different user tokens."""
    requests = []
    each = REQUESTS // tokens
    for report_id, key_id, recipient in islice(cycle(sent), tokens):
        claims = {"sub": recipient, "name": "Bo Recipient", "email": "bo@clinic.example", "inst": "i" * 26}
        token = users.sign(USER_TOKEN_TYPE, base, 300, **claims, role="member", inst_name="Clinic")
        body = json.dumps({"report_id": report_id, "reason": ""}).encode()
        requests += [_request(port, f"/keys/v1/keys/{key_id}/release", token, body)] * each
    secrets.SystemRandom().shuffle(requests)
    return requests


def _request(port: int, path: str, token: str, body: bytes) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends the next of `requests` whenever an answer is whole."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._done = done
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        start = self._buffer.lower().find(b"content-length:", 0, head) + 15
        length = int(self._buffer[start : self._buffer.find(b"\r\n", start)])
        if len(self._buffer) < head + 4 + length:
            return
        if not self._buffer.startswith(b"HTTP/1.1 2") and not self._done.done():
            self._done.set_exception(RuntimeError(self._buffer.decode()))
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def _turn(port: int, requests: Iterator[bytes]) -> float:
    """Requests per second."""
    loop = asyncio.get_running_loop()
    shared = islice(requests, REQUESTS)
    finished = [loop.create_future() for _ in range(CONNECTIONS)]
    begun = time.perf_counter()
    for done in finished:
        await loop.create_connection(lambda done=done: _Connection(shared, done), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*finished)
    return REQUESTS / (time.perf_counter() - begun)


async def _answers(server: subprocess.Popen[bytes], port: int) -> None:
    while server.poll() is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError(f"the server of the benchmark ended with {server.returncode}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _server(kind: str, port: int, users_port: int, folder: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.key_release", kind, str(port), str(users_port), folder]
    return subprocess.Popen(command, cwd=Path(__file__).resolve().parents[1])


async def _serve(kind: str, port: int, users_port: int, folder: Path) -> None:
    if kind == "empty":

        @post("/", status_code=200)
        async def empty() -> dict[str, str]:
            return {}

        app = Litestar([empty], logging_config=None)
    else:
        jwks = (folder / "jwks.json").read_bytes()

        async def publish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(jwks), jwks))
            await writer.drain()
            writer.close()

        await asyncio.start_server(publish, "127.0.0.1", users_port)
        here = f"http://127.0.0.1:{port}"
        users = f"http://127.0.0.1:{users_port}/users"
        app = create_app(Settings(public_url=here, users_url=users, roles=("keys",), data=folder / "data"))
    tune_gc()
    config = uvicorn.Config(
        app, "127.0.0.1", port, loop="uvloop", http="httptools", log_level="warning", access_log=False
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
