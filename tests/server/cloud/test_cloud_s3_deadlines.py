"""A bucket that answers a byte at a time: no single read takes long, but the call ends, and its thread is free.

The answer would take an hour and a half; without a deadline the test ends by pytest's own limit.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from picsafe_protocol.contracts.errors import ServiceError
from picsafe_server.cloud.stores.s3_bucket import connect
from picsafe_server.cloud.stores.s3_errors import translated

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 100000\r\n\r\n"


@pytest.fixture(params=["head", "body"])
def dripping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that lets its answers drip, from their first byte or from the body on."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    listening, is_over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            at_once = HEAD if request.param == "body" else b""
            connection.sendall(at_once)
            for byte in (HEAD + b" " * 100000)[len(at_once) :]:
                if is_over.wait(0.05):
                    return
                connection.sendall(bytes([byte]))

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    is_over.set()
    listening.close()


def test_attack_a_bucket_that_lets_its_answers_drip_holds_no_thread(dripping: str) -> None:
    client = connect("eu-west-1", dripping, read_seconds=0.5)
    for _ in range(2):
        with pytest.raises(ServiceError), translated():
            client.list_objects_v2(Bucket="reports")
    client.close()
