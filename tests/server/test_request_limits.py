"""What one client may take of a server that listens for real: slow heads, endless heads, slow bodies, deep ones."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from picsafe_protocol.contracts import limits
from picsafe_server.app import create_app
from picsafe_server.server import make_server, private_files
from picsafe_server.settings import Settings

SLOW = "POST /users/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """All roles of a small deployment."""
    data = tmp_path_factory.mktemp("bounds") / "data"
    with private_files():
        return create_app(Settings(roles=("users", "cloud", "keys"), regions=("au",), data=data))


@pytest.fixture(scope="module")
def port(app: Litestar) -> Iterator[int]:
    """Where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free: int = probe.getsockname()[1]
    server = make_server(app, "127.0.0.1", free)
    logging.getLogger("picsafe").propagate = False  # its thread outlives the tests whose output it would write to
    thread = threading.Thread(target=server.run, daemon=True)
    with private_files():
        thread.start()
        while not server.started:
            assert thread.is_alive()
            thread.join(0.02)
        yield free
        server.should_exit = True
        thread.join(30)
    logging.getLogger("picsafe").propagate = True


def connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    return answer


@pytest.mark.parametrize("sent", [b"", b"GET", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_a_head_that_does_not_come_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(limits, "REQUEST_HEAD_SECONDS", 0.2)
    with connected(port) as connection:
        connection.sendall(sent)
        assert everything(connection) == b""


def test_a_head_as_large_as_it_may_be_is_read(port: int) -> None:
    answer = httpx.get(f"http://127.0.0.1:{port}/health", headers={"X-Long": "x" * (limits.REQUEST_HEAD_BYTES - 400)})
    assert answer.status_code == 200


def test_a_head_without_end_is_refused(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX-Long: ")
        answer = b""
        try:
            for _ in range(64):
                connection.sendall(b"x" * limits.REQUEST_HEAD_BYTES)
            answer = everything(connection)
        except (ConnectionResetError, BrokenPipeError):  # closed while it was still coming
            return
        assert answer.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("header", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    monkeypatch.setattr(limits, "REQUEST_BODY_SECONDS", 0.2)
    with connected(port) as connection:
        connection.sendall(f"{SLOW}{header}\r\n\r\n".encode())
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"request_timed_out"' in answer


def test_a_client_that_goes_in_the_middle_of_a_body_is_no_incident(
    port: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("picsafe"), "propagate", True)
    with connected(port) as connection:
        connection.sendall(f"{SLOW}Content-Length: 100\r\n\r\n{{".encode())
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        for _ in range(3):
            assert http.get("/health").status_code == 200
    assert not [record for record in caplog.records if "incident" in record.message]


def test_a_connection_is_used_again_after_a_body_that_came_in_time(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        for _ in range(3):
            answer = http.post(
                "/users/v1/sessions", json={"email": "a@b.example", "password": "x", "transport": "token"}
            )
            assert answer.status_code in {400, 401}
            assert "connection" not in answer.headers


def test_a_body_nested_without_end_is_refused_on_every_route(port: int, app: Litestar) -> None:
    deep = "[" * 100_000
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Content-Type": "application/json"}) as http:
        for route in app.routes:
            for handler in getattr(route, "route_handlers", []):
                assert isinstance(handler, HTTPRouteHandler)
                for method in handler.http_methods & {"POST", "PUT", "PATCH"}:
                    path = route.path_format.replace("{region}", "au")
                    answer = http.request(method, path, content=deep)
                    assert answer.status_code < 500, (method, path, answer.text)
    body = httpx.post(
        f"http://127.0.0.1:{port}/users/v1/sessions", content=deep, headers={"Content-Type": "application/json"}
    )
    assert (body.status_code, body.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/health"), ("DELETE", "/users/v1/reports"), ("PATCH", "/ready")])
def test_a_method_that_an_address_does_not_take(port: int, method: str, path: str) -> None:
    answer = httpx.request(method, f"http://127.0.0.1:{port}{path}")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_connections_beyond_the_limit_of_a_process_are_refused(
    app: Litestar, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 2)
    small = make_server(app, "127.0.0.1", 0)
    assert isinstance(small.config, uvicorn.Config)
    assert small.config.limit_concurrency == 2


def test_what_a_server_writes_is_for_its_own_user(app: Litestar, port: int) -> None:
    data: Path = app.state.roles["users"].context.settings.data
    readable = [path for path in data.rglob("*") if path.stat().st_mode & 0o077]
    assert readable == []


def closed_by_server(connection: socket.socket) -> bool:
    """Whether the server ends the connection within the patience of its socket, with or without an answer."""
    try:
        everything(connection)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def dripped(connection: socket.socket, piece: bytes, pause: float = 0.05, times: int = 200) -> bool:
    """Send `piece` again and again; whether the server ended the connection before the last."""
    try:
        for _ in range(times):
            connection.sendall(piece)
            time.sleep(pause)
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


@pytest.mark.parametrize("begun", ["GET /health", "GET /nothing", "HEAD /ready", "DELETE /users/v1/sessions/current"])
@pytest.mark.parametrize("dripping", ["body", "trailers", "extension"])
def test_attack_by_a_message_that_nobody_reads_and_that_does_not_end(
    port: int, monkeypatch: pytest.MonkeyPatch, begun: str, dripping: str
) -> None:
    monkeypatch.setattr(limits, "REQUEST_BODY_SECONDS", 0.1)
    monkeypatch.setattr(limits, "REQUEST_REST_SECONDS", 0.1)
    first, again = {
        "body": (b"", b"1\r\nx\r\n"),
        "trailers": (b"0\r\n", b"a: b\r\n"),
        "extension": (b"1", b";a=b"),
    }[dripping]
    with connected(port) as connection:
        connection.sendall(
            f"{begun} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + first
        )
        assert dripped(connection, again)


def test_attack_by_line_ends_between_two_messages(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_HEAD_SECONDS", 0.2)
    with connected(port) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert dripped(connection, b"\r\n")


def test_attack_by_requests_sent_ahead(port: int) -> None:
    """Each request that is sent before the last one is answered waits in memory."""
    with connected(port) as connection:
        one = b"GET /users/v1/me HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try:
            for _ in range(200):
                connection.sendall(one * 1000)
        except (ConnectionResetError, BrokenPipeError):
            return
        connection.settimeout(5)
        assert closed_by_server(connection)


def test_a_trailer_is_no_header(port: int) -> None:
    """What comes after the body declares and grants nothing, whatever it is called."""
    undeclared = SLOW.replace("Content-Type: application/json\r\n", "")
    with connected(port) as connection:
        late = b"2\r\n{}\r\n0\r\nContent-Type: application/json\r\nAuthorization: Bearer x\r\n\r\n"
        connection.sendall(undeclared.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + late)
        assert b"Content-Type: application/json" in connection.recv(65536)  # the refusal: the body must be JSON
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert everything(connection).startswith(b"HTTP/1.1 200")


def test_an_early_answer_reaches_who_is_still_sending(port: int) -> None:
    """A part of an upload that is refused at its head: the sender, busy with its body, reads why."""
    part = b"x" * limits.UPLOAD_PART_BYTES
    head = (
        f"PUT /cloud/au/v1/uploads/abc/parts/0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(part)}\r\n\r\n"
    ).encode()
    with connected(port) as connection:
        for _ in range(2):  # and the connection is used again, since the body came to its end
            connection.sendall(head + part)
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 401"), answer
