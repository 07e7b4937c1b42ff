"""A whole PicSafe in this process: the real application, people in it, and faults of the network between it and the programs that use it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from litestar import Litestar
from PIL import Image

from harness.report_factory import MadeFile, MadeReport, made_report
from harness.running_app import running_app
from picsafe_cli.api.client import Api
from picsafe_cli.api.retry import RetryPolicy
from picsafe_cli.receive.collector import Collector
from picsafe_cli.receive.sinks.folder import FolderSink
from picsafe_cli.send.resumable_upload import Upload
from picsafe_protocol.contracts.api.accounts import SessionBegun
from picsafe_protocol.contracts.api.keys import IssuedKey
from picsafe_protocol.contracts.api.reports import ReportBegun
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.contracts.tokens import Role
from picsafe_protocol.format.opening import parse_released_key
from picsafe_protocol.json.messages import read
from picsafe_server.runtime.clock import MovableClock
from picsafe_server.settings import Settings
from picsafe_server.users import provisioning
from picsafe_server.users.role import UsersRole

URL = "https://picsafe.example"
PASSWORD = "correct horse battery"
PHOTO = MadeFile("image/jpeg", bytes(range(256)) * 40, thumbnail=b"small", width=4, height=3)
CLIP = MadeFile("video/mp4", bytes(range(255, -1, -1)) * 5000, width=4, height=3, duration=1.5)

Rule: TypeAlias = Callable[[httpx.Request, httpx.Response], httpx.Response | None]
"""Looks at a request and what the server answered; may answer something else, or raise."""


async def nothing(seconds: float) -> None:
    """Pauses take no time here."""


IMPATIENT = RetryPolicy(attempts=3, sleep=nothing)


class NetworkFaults(httpx.AsyncBaseTransport):
    """Between a program and the server: notes what is asked, and lets `rules` spoil the answers."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.seen: list[httpx.Request] = []
        self.before: list[Callable[[httpx.Request], None]] = []
        self.rules: list[Rule] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        for look in self.before:
            look(request)
        response = await self._inner.handle_async_request(request)
        for rule in self.rules:
            response = rule(request, response) or response
        return response

    def asked(self, part: str, method: str | None = None) -> list[httpx.Request]:
        """The requests whose path holds `part`."""
        return [each for each in self.seen if part in each.url.path and method in {None, each.method}]

    def calm(self) -> None:
        """From now on everything goes well, and nothing has been seen."""
        self.seen.clear()
        self.before.clear()
        self.rules.clear()

    # -- what may happen on the way

    def down(self, part: str) -> None:
        """Whatever has `part` in its address cannot be reached, as if its server were down."""

        def look(request: httpx.Request) -> None:
            if part in str(request.url):
                raise httpx.ConnectError("down", request=request)

        self.before.append(look)

    def answer(self, part: str, status: int, content: bytes, kind: str = "text/html") -> None:
        """Somebody else answers: a proxy, a portal."""
        self.rules.append(
            lambda request, _: (
                httpx.Response(status, stream=httpx.ByteStream(content), headers={"Content-Type": kind})
                if part in str(request.url)
                else None
            )
        )

    def problem(self, part: str, status: int, code: str, times: int = 1_000_000) -> None:
        """The server refuses, `times` times."""
        left = [times]

        def rule(request: httpx.Request, _: httpx.Response) -> httpx.Response | None:
            if part not in str(request.url) or not left[0]:
                return None
            left[0] -= 1
            body = json.dumps({"code": code, "detail": "It is so.", "status": status}).encode()
            return httpx.Response(status, stream=httpx.ByteStream(body))

        self.rules.append(rule)

    def change(self, part: str, change: Callable[[bytes], bytes]) -> None:
        """The body of an answer becomes another one of the same length."""

        def rule(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
            if part not in str(request.url):
                return None
            return httpx.Response(response.status_code, headers=response.headers, stream=_Changed(response, change))

        self.rules.append(rule)

    def reword(self, part: str, change: Callable[[bytes], bytes]) -> None:
        """The body of an answer becomes another one, of any length."""

        def rule(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
            if part not in str(request.url):
                return None
            headers = {name: value for name, value in response.headers.items() if name != "content-length"}
            return httpx.Response(response.status_code, headers=headers, stream=_Changed(response, change))

        self.rules.append(rule)

    def breaks(self, part: str, *after: int) -> None:
        """The next answers break off after so many bytes."""
        left = list(after)

        def rule(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
            if part not in str(request.url) or not left:
                return None
            return httpx.Response(response.status_code, headers=response.headers, stream=_Broken(response, left.pop(0)))

        self.rules.append(rule)


class _Changed(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, change: Callable[[bytes], bytes]) -> None:
        self._response = response
        self._change = change

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = b"".join([piece async for piece in self._response.stream])  # type: ignore[union-attr]
        yield self._change(body)


class _Broken(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, after: int) -> None:
        self._response = response
        self._after = after

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = b"".join([piece async for piece in self._response.stream])  # type: ignore[union-attr]
        yield body[: self._after]
        raise httpx.ReadError("the connection broke")


@dataclass
class Sunk:
    """What lies in a folder that sync writes to."""

    folder: Path

    @property
    def reports(self) -> list[str]:
        """The reports that are visible."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and is_identifier(path.name))

    @property
    def hidden(self) -> list[str]:
        """Files of work in progress."""
        return sorted(
            str(path.relative_to(self.folder)) for path in self.folder.glob(".[di]*/**/*") if not path.is_dir()
        )

    @property
    def manifest(self) -> list[dict[str, str]]:
        """The lines of the manifest."""
        import csv

        path = self.folder / "manifest.csv"
        if not path.exists():
            return []
        return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))

    @property
    def results(self) -> dict[str, str]:
        """What the manifest says of each report; there must be one line for each."""
        found = [(row["report_id"], row["result"]) for row in self.manifest]
        assert len(dict(found)) == len(found), f"a report has two lines: {found}"
        return dict(found)

    def holds(self, made: MadeReport) -> bool:
        """Whether the report is there, every byte of it."""
        home = self.folder / made.report.report_id
        files = [path for path in home.rglob("*") if path.is_file() and path.name != "sender.json"]
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        wanted = {file.sha256 for file in made.report.files() if not file.path.startswith("thumbnails/")}
        return wanted | {hashlib.sha256(made.report.to_bytes()).hexdigest()} == digests


@dataclass
class World:
    """The application and its people."""

    app: Litestar
    clock: MovableClock
    network: NetworkFaults
    institution: str
    service_token: str
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def users(self) -> UsersRole:
        """The user server."""
        role = self.app.state.roles["users"]
        assert isinstance(role, UsersRole)
        return role

    @property
    def users_database(self) -> Path:
        """The file that a backup of the user server copies."""
        return self.users.context.settings.data / "users" / "users.sqlite"

    def api(self, token: str | None = None, patience: RetryPolicy = IMPATIENT) -> Api:
        """A connection through these faults; as the service account unless `token` says otherwise."""
        return Api(URL, token or self.service_token, transport=self.network, patience=patience)

    async def person(self, name: str, institution: str | None = None, country: str = "AU") -> str:
        """Somebody's session token; they have an account from now on, `name@clinic.example`."""
        if name not in self.tokens:
            email = f"{name}@clinic.example"
            await provisioning.create_account(
                self.users, email, f"Dr {name.title()}", country, PASSWORD, institution, Role.MEMBER if institution else None
            )  # fmt: skip
            body = {"email": email, "password": PASSWORD, "device": "test", "transport": "token"}
            async with Api(URL, transport=self.network) as api:
                begun = read(SessionBegun, await api.users("POST", "/v1/sessions", body))
            assert begun.token is not None
            self.tokens[name] = begun.token
        return self.tokens[name]

    async def send(
        self,
        *files: MadeFile,
        sender: str = "ana",
        to: Sequence[str] = ("ben",),
        spoil: Callable[[MadeReport], bytes] = lambda made: made.package,
        **more: Any,
    ) -> MadeReport:
        """A report with these files, all the way until the institution of its recipient sees it."""
        seen = list(self.network.seen)
        for name in to:
            await self.person(name, self.institution)
        async with self.api(await self.person(sender)) as api:
            recipients = {"recipients": [f"{name}@clinic.example" for name in to]}
            draft = read(ReportBegun, await api.users("POST", "/v1/reports", recipients))
            server = draft.keyserver
            asked = {"report_id": draft.report_id}
            key = read(IssuedKey, await api.call("POST", f"{server.url}/v1/keys", server.grant, asked))
            made = made_report(
                files or [PHOTO, CLIP], keyserver_url=server.url, report_id=draft.report_id, key_id=key.key_id,
                key=parse_released_key(key.key), **more,
            )  # fmt: skip
            package = spoil(made)
            upload = Upload(api, draft.report_id, draft.cloud)
            uploaded = await upload.run(io.BytesIO(package), len(package), lambda count: None)
            await api.users("POST", f"/v1/reports/{draft.report_id}/receipt", uploaded.to_json())
        self.network.seen[:] = seen
        return made

    async def withdraw(self, made: MadeReport, sender: str = "ana") -> None:
        """The sender takes a report back."""
        async with self.api(await self.person(sender)) as api:
            await api.users("DELETE", f"/v1/reports/{made.report.report_id}")

    async def collected(self, made: MadeReport, sender: str = "ana") -> bool:
        """Whether the server believes that the report is safely filed."""
        async with Api(URL, await self.person(sender), transport=self.network) as api:
            row = await api.users("GET", f"/v1/reports/{made.report.report_id}")
        return row["collected_at"] is not None

    @asynccontextmanager
    async def collector(self, folder: Path) -> AsyncIterator[Collector]:
        """What `picsafe sync` runs, on `folder`."""
        folder.mkdir(exist_ok=True)
        async with self.api() as api:
            yield Collector(api, FolderSink(folder), folder)


@asynccontextmanager
async def running_world(folder: Path, template: Path | None = None) -> AsyncIterator[World]:
    """A world with one institution, and a service account in it. `template` is a data folder to begin from."""
    if template is not None:
        shutil.copytree(template, folder)
    settings = Settings(public_url=URL, data=folder, roles=("users", "cloud", "keys"), regions=("au", "de"))
    clock = MovableClock()
    async with running_app(settings, clock) as app:
        role = app.state.roles["users"]
        if template is None:
            institution = await provisioning.create_institution(role, "Harbour Clinic", domains=["clinic.example"])
        else:
            institution = await provisioning.find_institution(role, "Harbour Clinic")
        token = await provisioning.create_service_account(role, "Record system", institution)
        network = NetworkFaults(httpx.ASGITransport(app))  # type: ignore[arg-type]
        yield World(app, clock, network, institution, token)


def jpeg(width: int = 640, height: int = 480) -> bytes:
    """A real photo, as far as programs can tell."""
    output = io.BytesIO()
    Image.effect_mandelbrot((width, height), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(output, "JPEG")
    return output.getvalue()
