"""The roles deployed apart: each a process of its own at an address of its own, over one PostgreSQL, as `deploy/compose.yaml` has them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from harness.postgres import Cluster, cluster
from PIL import Image

from picsafe_cli.api.client import Api
from picsafe_cli.receive.download import CloudSource
from picsafe_cli.receive.open_report import open_report
from picsafe_cli.receive.save_report import save_report
from picsafe_cli.send.media_preparation import prepare
from picsafe_cli.send.send_report import send
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import Gone, KeyRevoked, KeyServerNotPermitted, NotPermitted, TokenRefused
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.report import Patient
from picsafe_protocol.json.messages import read

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]
SERVER = Path(sys.executable).with_name("picsafe-server")
PASSWORD = "nine lives of a careful cat"
START_SECONDS = 120


class Silent:
    def phase(self, name: str, total: int) -> None:
        """Nobody is watching."""

    def advance(self, count: int) -> None:
        """Nobody is watching."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Process:
    """One deployed role: where it is, and its environment."""

    url: str
    environment: dict[str, str]

    def command(self, *words: str) -> str:
        """Run one of its administrator's commands."""
        done = subprocess.run([SERVER, *words], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@dataclass(frozen=True)
class Deployment:
    """A user server in two processes, a key server, clouds of two regions, and a key server that an institution runs for itself."""

    users: Process
    users_too: Process
    keys: Process
    clouds: dict[str, Process]
    house: Process

    @property
    def all(self) -> list[Process]:
        return [self.users, self.users_too, self.keys, *self.clouds.values(), self.house]


def described(postgres: Cluster, folder: Path) -> Deployment:
    urls = {name: f"http://localhost:{free_port()}" for name in ("users", "users_too", "keys", "au", "de", "house")}
    shared = {
        "PICSAFE_USERS_URL": urls["users"] + "/users",
        "PICSAFE_KEYS_URL": urls["keys"] + "/keys",
        "PICSAFE_CLOUD_URLS": f"au={urls['au']}/cloud/au,de={urls['de']}/cloud/de",
        "PICSAFE_ALLOWED_KEY_SERVERS": urls["house"] + "/keys",
    }
    users_database = postgres.url(postgres.create_database())

    def process(name: str, role: str, database: str, **more: str) -> Process:
        own = {
            "PICSAFE_PUBLIC_URL": urls[name],
            "PICSAFE_ROLES": role,
            "PICSAFE_DATA": str(folder / ("users" if role == "users" else name)),
            f"PICSAFE_{role.upper()}_DATABASE": database,
        }
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("PICSAFE_")}
        return Process(urls[name], {**inherited, **shared, **own, **more})

    return Deployment(
        process("users", "users", users_database),
        process("users_too", "users", users_database),
        process("keys", "keys", postgres.url(postgres.create_database())),
        {
            region: process(region, "cloud", postgres.url(postgres.create_database()), PICSAFE_REGIONS=region)
            for region in ("au", "de")
        },
        process(
            "house", "keys", "",  # SQLite, as on a small machine of its own
            PICSAFE_KEYS_URL=urls["house"] + "/keys", PICSAFE_CLIENT_ORIGINS="https://picsafe.example/",
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("apart")
    with cluster() as postgres:
        made = described(postgres, folder)
        running = []
        try:
            for process in made.all:
                log = (folder / f"{process.url.rpartition(':')[2]}.log").open("wb")
                command = [str(SERVER), "run", "--port", process.url.rpartition(":")[2]]
                running.append(subprocess.Popen(command, env=process.environment, stderr=log, stdout=log))
                log.close()
            for process in made.all:
                wait_until_ready(process.url, folder)
            yield made
        finally:
            for each in running:
                each.terminate()
            for each in running:
                each.wait(timeout=60)


def wait_until_ready(url: str, logs: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(url + "/ready", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail("\n".join(log.read_text("utf-8") for log in logs.glob("*.log")))


async def person(deployment: Deployment, email: str, country: str, *more: str) -> str:
    """Invite somebody, accept, sign in; the token of the session."""
    users = deployment.users
    link = users.command("account", "add", email, "--name", email.partition("@")[0], "--country", country, *more)
    async with Api(users.url) as api:
        await api.users("POST", "/v1/invitations", {"token": link.rpartition("/")[2], "password": PASSWORD})
        body = {"email": email, "password": PASSWORD, "device": "test", "transport": "token"}
        token: str = (await api.users("POST", "/v1/sessions", body))["token"]
    return token


@pytest.mark.anyio
async def test_a_report_goes_from_one_region_to_a_reader_of_another(deployment: Deployment, tmp_path: Path) -> None:
    sender = await person(deployment, "kiri@clinic.example", "NZ")
    reader = await person(deployment, "ben@clinic.example", "DE")
    stranger = await person(deployment, "eve@other.example", "US")
    photo = tmp_path / "photo.png"
    Image.linear_gradient("L").save(photo)
    prepared = prepare([photo])
    async with Api(deployment.users.url, sender) as api:
        sent = await send(api, prepared, ReportDetails(patient=Patient("Somebody")), ["ben@clinic.example"], Silent())
    assert sent.cloud_url == deployment.clouds["au"].url + "/cloud/au"

    # The reader speaks to the other process of the user server: neither keeps state of its own.
    async with Api(deployment.users_too.url, reader) as api:
        (arrived,) = (await api.users("GET", "/v1/reports?box=inbox"))["reports"]
        me = await api.users("GET", "/v1/me")
        source = CloudSource(api, arrived["id"], arrived["size"])
        opened = await open_report(
            api, source, me["key_servers"], expected=Expectations.of_report(read(ReportView, arrived))
        )
        (tmp_path / "out").mkdir()
        files = await save_report(opened, tmp_path / "out")
    (saved,) = (file for file in files if file.suffix == ".png")
    assert saved.stat().st_size == prepared[0].medium.size

    header = opened.header
    async with Api(deployment.users.url, stranger) as api:
        token = (await api.users("POST", "/v1/tokens", {"audience": header.keyserver_url}))["token"]
        release = f"{header.keyserver_url}/v1/keys/{header.key_id}/release"
        with pytest.raises(NotPermitted):
            await api.call("POST", release, token, {"report_id": header.report_id})

    # Withdrawing reaches the cloud and the key server, which are somewhere else.
    async with Api(deployment.users.url, sender) as api:
        wanted = {"action": "package.download"}
        grant = await api.users("POST", f"/v1/reports/{sent.id}/grants", wanted)
        await api.users("DELETE", f"/v1/reports/{sent.id}")
        with pytest.raises(Gone):
            await api.call("GET", f"{grant['url']}/v1/packages/{sent.id}", grant["grant"])


@pytest.mark.anyio
async def test_an_institution_keeps_its_keys_and_its_log_in_its_own_house(
    deployment: Deployment, tmp_path: Path
) -> None:
    house, users = deployment.house.url + "/keys", deployment.users
    institution = users.command("institution", "add", "Royal Hospital", "--domain", "royal.example")
    admin = await person(
        deployment, "clare@royal.example", "DE", "--institution", institution, "--role", "administrator"
    )
    sender = await person(deployment, "ada@royal.example", "DE", "--institution", institution)
    reader = await person(deployment, "cy@practice.example", "DE")
    photo = tmp_path / "photo.png"
    Image.linear_gradient("L").save(photo)

    async with Api(users.url, admin) as api:
        with pytest.raises(KeyServerNotPermitted):
            await api.users("PATCH", "/v1/institution", {"key_servers": [deployment.clouds["au"].url + "/keys"]})
        await api.users("PATCH", "/v1/institution", {"key_servers": [house], "key_server": house})
    async with Api(users.url, sender) as api:
        facts = ReportDetails(patient=Patient("Somebody"))
        sent = await send(api, prepare([photo]), facts, ["cy@practice.example"], Silent())
        assert sent.keyserver_url == house

    async with Api(deployment.users_too.url, reader) as api:
        me = await api.me()
        expected = Expectations.of_report(sent)
        source = CloudSource(api, sent.id, expected.size)
        opened = await open_report(api, source, me.key_servers, expected=expected, reason="ward round")
        assert opened.header.keyserver_url == house
        assert opened.payload.report.patient.name == "Somebody"
        token = await api.user_token(house)
        release, wanted = f"{house}/v1/keys/{opened.header.key_id}/release", {"report_id": sent.id}
        # PicSafe's own key server knows nothing of it, and this token means nothing there.
        with pytest.raises(TokenRefused):
            await api.call("POST", release.replace(house, deployment.keys.url + "/keys"), token, wanted)

    async with Api(users.url, admin) as api:
        log = await api.call("GET", f"{house}/v1/log", await api.user_token(house))
        ours = await api.call("GET", deployment.keys.url + "/keys/v1/log", await api.user_token(me.key_servers[0]))
    assert [entry["event"] for entry in log["entries"]] == ["released", "created"]
    assert ours["entries"] == []

    async with Api(users.url, sender) as api:
        await api.users("DELETE", f"/v1/reports/{sent.id}")
    async with Api(users.url, reader) as api:
        with pytest.raises(KeyRevoked):
            await api.call("POST", release, token, wanted)


def test_pages_may_ask_the_house_s_key_server_from_picsafe_s_origin_and_from_no_other(deployment: Deployment) -> None:
    def answered(origin: str) -> httpx.Response:
        return httpx.get(deployment.house.url + "/keys/v1/log", headers={"Origin": origin})

    assert answered("https://picsafe.example").headers["access-control-allow-origin"] == "https://picsafe.example"
    assert "access-control-allow-origin" not in answered("https://evil.example").headers


def test_a_process_has_only_the_routes_of_its_role(deployment: Deployment) -> None:
    assert httpx.get(deployment.keys.url + "/users/v1/me").status_code == 404
    assert httpx.get(deployment.users.url + "/keys/.well-known/jwks.json").status_code == 404
    assert httpx.get(deployment.clouds["au"].url + "/cloud/de/.well-known/jwks.json").status_code == 404
    assert httpx.get(deployment.clouds["de"].url + "/cloud/de/.well-known/jwks.json").status_code == 200
