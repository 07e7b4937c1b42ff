"""Clients that do not read what they asked for, against the protocol class that the server runs with."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.limits import KIB, MIB
from picsafe_server.http.request_limits import BoundedProtocol, end_connections

ANSWER = 24 * MIB
"""More than the system's buffers of both ends hold."""


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """`/piece` in pieces, `/whole` at once and then closing, `/live` something small now and then."""
    path = scope["path"]
    headers = [] if path == "/live" else [(b"content-length", b"%d" % ANSWER)]
    if path == "/whole":
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if path == "/whole":
        await send({"type": "http.response.body", "body": bytes(ANSWER)})
    elif path == "/piece":
        for _ in range(ANSWER // MIB - 1):
            await send({"type": "http.response.body", "body": bytes(MIB), "more_body": True})
        await send({"type": "http.response.body", "body": bytes(MIB)})
    else:
        while (await receive())["type"] != "http.disconnect":
            await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})


class Server(uvicorn.Server):
    """Ends its connections as the product's server does."""

    async def shutdown(self, sockets: Any = None) -> None:
        await super().shutdown(sockets)
        await end_connections(self)


@contextmanager
def running() -> Iterator[uvicorn.Server]:
    """A server of its own thread until the end of the block."""
    config = uvicorn.Config(
        answering, host="127.0.0.1", port=0, http=BoundedProtocol, loop="uvloop", lifespan="off", log_config=None,
        timeout_graceful_shutdown=0,
    )  # fmt: skip
    server = Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    yield server
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="module")
def server() -> Iterator[uvicorn.Server]:
    with running() as server:
        yield server


def asked(server: uvicorn.Server, path: str) -> socket.socket:
    """A connection with a small buffer that has asked for `path`."""
    port = server.servers[0].sockets[0].getsockname()[1]
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def wait_until(server: uvicorn.Server, connections: int) -> None:
    """Until the server holds so many."""
    latest = time.monotonic() + 30
    while len(server.server_state.connections) != connections:
        assert time.monotonic() < latest, f"the server holds {len(server.server_state.connections)} connections"
        time.sleep(0.02)


@pytest.mark.parametrize("path", ["/piece", "/whole"])
def test_attack_by_never_reading_the_answer(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(limits, "ANSWER_PROGRESS_SECONDS", 0.3)
    with asked(server, path):
        wait_until(server, 1)
        wait_until(server, 0)


def test_an_answer_that_is_read_slowly_arrives_whole(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_PROGRESS_SECONDS", 1)
    received = 0
    with asked(server, "/piece") as connection:
        began = time.monotonic()
        while received < ANSWER and (piece := connection.recv(128 * KIB)):
            received += len(piece)
            if time.monotonic() - began < 4:
                time.sleep(0.05)
    assert received > ANSWER  # and the head
    assert time.monotonic() - began > 3


def test_a_live_stream_that_is_silent_for_long_goes_on(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_PROGRESS_SECONDS", 0.1)
    with asked(server, "/live") as connection:
        assert b"here" in connection.recv(65_536)
        time.sleep(1)
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):  # open, and nothing came
            connection.recv(65_536)


def test_attack_by_never_reading_while_a_server_stops() -> None:
    with running() as stopping, asked(stopping, "/whole"):
        wait_until(stopping, 1)
        stopping.should_exit = True
        wait_until(stopping, 0)
