"""A whole PicSafe for tests in a browser: the real server on a port of its own, people in it, reports under way.

The clock can be moved, requests can be counted, delayed, broken and refused on their way: see `Clinic.network`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
import uvicorn
from litestar import Litestar
from litestar.types import Receive, Send

from harness.password_cost import CHEAP, passwords_cost
from harness.plain_http import UNUSED_TLS
from harness.report_factory import MadeFile, MadeReport, made_report
from picsafe_protocol.contracts.limits import UPLOAD_PART_BYTES
from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.package_digest import Pieces, hash_pieces
from picsafe_protocol.format.composing import Uploaded, completion
from picsafe_protocol.format.label import Label, label_key, seal_label
from picsafe_server.app import create_app
from picsafe_server.http.request_limits import end_connections
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning
from picsafe_server.users.role import UsersRole

ROOT = Path(__file__).resolve().parents[2]
CLIENT = Path(os.environ.get("PICSAFE_CLIENT_FOLDER", ROOT / "build" / "client"))
"""The built client; another one while that one is being built."""

PASSWORD = "correct horse battery"

T = TypeVar("T")


@dataclass
class NetworkFaults:
    """What happens to requests on their way. `seen` are those that came: method, path, range."""

    seen: list[tuple[str, str, str]] = field(default_factory=list)
    refusals: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Part of a path: the status and problem that it is answered with."""
    refuse_once: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """The same for the next such request only."""
    breaks: list[int] = field(default_factory=list)
    """After how many bytes each of the next downloads of a package breaks."""
    changes: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    """Part of a path: what becomes of the bytes of the answer."""
    slow: float = 0.0
    """Seconds that each piece of a package takes."""
    drips: set[str] = field(default_factory=set)
    """Parts of paths: a proxy passes on a byte of the answer now and then, so that no single read takes long."""
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    """Part of a path: its requests wait here until the gate is opened. See `Clinic.held`."""
    far: tuple[range, asyncio.Event] | None = None
    """Requests for a package that begin within these bytes wait until the gate is opened. See `Clinic.held_between`."""

    def asked(self, part: str) -> list[tuple[str, str, str]]:
        """The requests whose path holds `part`."""
        return [each for each in self.seen if part in each[1]]


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    id: str
    email: str
    name: str


class Clinic:
    """The running server and what tests do with it. Made by `running_clinic`."""

    def __init__(self, folder: Path, port: int, *, behind: int | None = None, **settings: Any) -> None:
        """Browsers reach it at `port`. With `behind` it listens there itself, and something stands in between."""
        self.url = f"http://localhost:{port}"
        self.clock = MovableClock()
        self.network = NetworkFaults()
        self.settings = Settings(public_url=self.url, data=folder, **{"client_folder": CLIENT, **settings})
        self.app: Litestar = create_app(self.settings, self.clock)
        self._port = behind or port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def run(self, started: threading.Event) -> None:
        """Serves until `stop`; runs in a thread of its own."""

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            config = uvicorn.Config(
                self._through_network,
                port=self._port,
                interface="asgi3",
                log_level="critical",
                lifespan="on",
                timeout_graceful_shutdown=1,
            )
            self._server = uvicorn.Server(config)
            serving = asyncio.ensure_future(self._server.serve())
            while not self._server.started and not serving.done():
                await asyncio.sleep(0.02)
            started.set()
            await serving
            await end_connections(self._server)
            # Connections to databases that a broken request left are closed in tasks of their own.
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:
                await asyncio.wait(left, timeout=5)

        asyncio.run(serve())

    def start(self) -> None:
        """Begins to serve, and returns when it does."""
        started = threading.Event()
        self._thread = threading.Thread(target=self.run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(30), "the server did not start"

    def stop(self) -> None:
        """Ends the server."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(20)

    def restart(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """The server goes down, and comes up again with what is on disk."""
        self.stop()
        try:
            meanwhile()
        finally:
            self.app = create_app(self.settings, self.clock)
            self.start()

    def sweep(self) -> None:
        """What every role does now and then: delete what is over, finish what was begun."""
        for role in self.app.state.roles.values():
            self.within(role.sweep())

    @contextmanager
    def held(self, part: str) -> Iterator[None]:
        """Requests with this part in their path wait until the end of the block."""
        gate = self.network.gates[part] = asyncio.Event()
        try:
            yield
        finally:
            self.network.gates.pop(part, None)
            assert self._loop is not None
            self._loop.call_soon_threadsafe(gate.set)

    @contextmanager
    def held_between(self, start: int, stop: int) -> Iterator[None]:
        """Requests for a package that begin at byte `start` or later, but before `stop`, wait until the end of the block."""
        gate = asyncio.Event()
        self.network.far = (range(start, stop), gate)
        try:
            yield
        finally:
            self.network.far = None
            assert self._loop is not None
            self._loop.call_soon_threadsafe(gate.set)

    def within(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine beside the server and gives back what it returns."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    # -- people

    @property
    def _users(self) -> UsersRole:
        role = self.app.state.roles["users"]
        assert isinstance(role, UsersRole)
        return role

    def institution(self, name: str) -> str:
        """A new institution; its identifier."""
        return self.within(provisioning.create_institution(self._users, name))

    def person(
        self, name: str, email: str, country: str = "AU", institution: str | None = None, role: Role | None = None
    ) -> Person:
        """Somebody new, with the password `PASSWORD`. The institution has the domain of their address from now on."""
        if institution:
            domain = email.rpartition("@")[2]
            self.within(provisioning.add_domain(self._users, institution, domain))
        made = self.within(provisioning.create_account(self._users, email, name, country, PASSWORD, institution, role))
        return Person(made.id, email, name)

    def client_of(self, person: Person) -> httpx.Client:
        """HTTP as somebody who is signed in by a token."""
        answer = httpx.post(
            f"{self.url}/users/v1/sessions",
            json={"email": person.email, "password": PASSWORD, "transport": "token"},
            timeout=60,
            verify=UNUSED_TLS,
        )
        answer.raise_for_status()
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {answer.json()['token']}"},
            timeout=60,
            verify=UNUSED_TLS,
        )

    # -- reports

    def send(
        self,
        sender: Person,
        recipients: Sequence[Person],
        files: Sequence[MadeFile],
        *,
        label: Label | None = None,
        is_labelled: bool = True,
        **more: Any,
    ) -> MadeReport:
        """A report, sent as the API wants it, all the way until its recipients see it. `label`: what its label says
        instead of what the report says; `is_labelled`: False for one of an earlier release, which has none.
        """
        with self.client_of(sender) as http:
            draft = _ok(http.post("/users/v1/reports", json={"recipients": [each.email for each in recipients]}))
            report_id, keys, cloud = draft["report_id"], draft["keyserver"], draft["cloud"]
            key = _ok(
                httpx.post(
                    f"{keys['url']}/v1/keys",
                    json={"report_id": report_id},
                    headers=_bearer(keys),
                    timeout=60,
                    verify=UNUSED_TLS,
                )
            )
            raw = base64.urlsafe_b64decode(key["key"] + "=")
            made = made_report(
                files, keyserver_url=keys["url"], report_id=report_id, key_id=key["key_id"], key=raw, **more
            )
            self._upload(cloud, report_id, made.package)
            path = f"{cloud['url']}/v1/uploads/{report_id}/complete"
            digest = hashlib.sha256(made.package).hexdigest()
            pieces = Pieces(len(made.package), hash_pieces(made.package))
            body = completion(digest, pieces)
            receipt = _ok(httpx.post(path, json=body, headers=_bearer(cloud), timeout=60, verify=UNUSED_TLS))["receipt"]
            label_of_it = label_key(made.key, report_id, key["key_id"])
            sealing = seal_label(label or Label.of(made.report), label_of_it, report_id, key["key_id"], AesGcm())
            handed_in = Uploaded(receipt, digest, pieces).to_json(self.within(sealing) if is_labelled else None)
            sealing.close()
            _ok(http.post(f"/users/v1/reports/{report_id}/receipt", json=handed_in))
        return made

    def withdraw(self, sender: Person, report_id: str) -> None:
        """The sender takes a report back."""
        with self.client_of(sender) as http:
            assert http.delete(f"/users/v1/reports/{report_id}").status_code == 204

    def _upload(self, cloud: dict[str, str], report_id: str, package: bytes) -> None:
        path = f"{cloud['url']}/v1/uploads"
        _ok(
            httpx.post(
                f"{path}/{report_id}",
                json={"size": len(package)},
                headers=_bearer(cloud),
                timeout=60,
                verify=UNUSED_TLS,
            )
        )
        for index, start in enumerate(range(0, len(package), UPLOAD_PART_BYTES)):
            part = package[start : start + UPLOAD_PART_BYTES]
            digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
            headers = _bearer(cloud) | {"Content-Digest": f"sha-256=:{digest}:"}
            answer = httpx.put(
                f"{path}/{report_id}/parts/{index}", content=part, headers=headers, timeout=60, verify=UNUSED_TLS
            )
            assert answer.status_code == 204, answer.text

    # -- the way between browser and server

    async def _through_network(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        wanted = dict(scope["headers"]).get(b"range", b"").decode()
        self.network.seen.append((scope["method"], path, wanted))
        for part, gate in list(self.network.gates.items()):
            if part in path:
                await gate.wait()
        if self.network.far is not None and "/v1/packages/" in path and _begins(wanted) in self.network.far[0]:
            await self.network.far[1].wait()
        for refusals in (self.network.refuse_once, self.network.refusals):
            refused = next((part for part in refusals if part in path), None)
            if refused is not None:
                await _refuse(send, *refusals[refused])
                self.network.refuse_once.pop(refused, None)
                return
        await self.app(scope, receive, self._disturbed(path, send))

    def _disturbed(self, path: str, send: Send) -> Send:
        """`send`, slowed down, changed and broken off as these faults say."""
        is_package = "/v1/packages/" in path and not path.endswith("/pieces")
        limit = self.network.breaks.pop(0) if is_package and self.network.breaks else None
        change = next((change for part, change in self.network.changes.items() if part in path), None)
        drips = any(part in path for part in self.network.drips)
        sent = 0

        async def disturbed(message: Any) -> None:
            nonlocal sent
            if message["type"] == "http.response.body" and drips:
                for byte in message.get("body", b""):
                    await send(cast(Any, {**message, "body": bytes([byte]), "more_body": True}))
                    await asyncio.sleep(0.1)
            if message["type"] == "http.response.body" and change is not None:
                message = {**message, "body": change(message.get("body", b""))}
            if message["type"] == "http.response.body" and is_package:
                body = message.get("body", b"")
                if self.network.slow:
                    await asyncio.sleep(self.network.slow)
                if limit is not None and sent + len(body) > limit:
                    await send(cast(Any, {**message, "body": body[: limit - sent], "more_body": True}))
                    await asyncio.sleep(0.3)  # what has been sent arrives before the end does
                    raise ConnectionError("the network broke the connection")
                sent += len(body)
            await send(message)

        return disturbed


@contextmanager
def running_clinic(folder: Path, *, port: int | None = None, **settings: Any) -> Iterator[Clinic]:
    """A clinic whose server runs until the end of the block. Passwords cost little work, as there are many in tests.

    It has a free port; with `port` and `behind` see `Clinic`.
    """
    with passwords_cost(CHEAP):
        clinic = Clinic(folder, port or free_port(), **settings)
        clinic.start()
        try:
            yield clinic
        finally:
            clinic.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def _bearer(place: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {place['grant']}"}


def _begins(wanted: str) -> int:
    """The first byte of a Range header of the form `bytes=1-2`; 0 without one."""
    return int(wanted.removeprefix("bytes=").partition("-")[0] or 0)


async def _refuse(send: Send, status: int, problem: dict[str, Any]) -> None:
    import json

    body = json.dumps({"status": status, **problem}).encode()
    headers = [(b"content-type", b"application/problem+json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
