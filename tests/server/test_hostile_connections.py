"""One connection of somebody unknown, against the real server process: it takes little memory, and nobody else notices."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest
from harness.server_process import Process, running_server

from picsafe_protocol.contracts.limits import MIB

MUCH = 36 * MIB
"""What the attack that was reported sent; the server held twenty times as much then."""
CHUNKED = b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running_server(tmp_path_factory.mktemp("hostile")) as process:
        httpx.get(f"{process.url}/schema/openapi.json", timeout=60)  # what is made once is made now
        yield process


def sent_before_it_was_closed(server: Process, head: bytes, piece: bytes, most: int = MUCH) -> int:
    """Bytes that the server took before it ended the connection."""
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        try:
            connection.sendall(head)
            while sent < most:
                connection.sendall(piece)
                sent += len(piece)
            while connection.recv(65536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
    return sent


@pytest.mark.parametrize(
    ("first_line", "begun", "piece"),
    [
        (b"GET /health", b"0\r\nx-trailer: ", b"t" * 65_536),
        (b"POST /users/v1/sessions", b"0\r\n", b"t" * 65_536),
        (b"POST /users/v1/sessions", b"0\r\n", b"a: b\r\n" * 10_000),
        (b"GET /health", b"", b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        (b"DELETE /cloud/au/v1/packages/abc", b"", b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    ],
    ids=["one trailer", "trailer's name", "many trailers", "body of GET", "body after 401"],
)
def test_attack_by_an_endless_message(server: Process, first_line: bytes, begun: bytes, piece: bytes) -> None:
    before = server.memory()
    assert sent_before_it_was_closed(server, first_line + CHUNKED + begun, piece) < MUCH
    assert server.memory() - before < 32 * MIB
    assert httpx.get(f"{server.url}/health", timeout=10).status_code == 200
