"""PicSafe behind the reverse proxies that hospitals run, with the files of `deploy/proxies` and the real programs."""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from harness.reverse_proxies import BARE_PROXIES, SHIPPED_PROXIES, Site, running_proxy
from harness.roles_in_one_process import PASSWORD, PICSAFE, Server, free_port, inherited, running_server

from picsafe_protocol.contracts.limits import UPLOAD_PART_BYTES
from picsafe_server.certificates import own_certificate

pytestmark = pytest.mark.timeout(300)
FORGED = "203.0.113.9"
"""An address that a client claims to come from (RFC 5737: nobody has it)."""


@dataclass(frozen=True)
class Behind:
    """The server behind a proxy that listens on the port of its public URL, and what a client needs to reach it."""

    server: Server
    site: Site

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client that trusts the proxy's certificate."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        trust = ssl.create_default_context(cafile=self.site.chain)
        return httpx.Client(base_url=self.server.public_url, verify=trust, headers=headers, timeout=60)

    def picsafe(self, token: str, *words: str | Path) -> str:
        """What the `picsafe` command prints."""
        account = {"PICSAFE_URL": self.server.public_url, "PICSAFE_TOKEN": token, "SSL_CERT_FILE": str(self.site.chain)}
        command = [str(PICSAFE), *map(str, words)]
        done = subprocess.run(command, env=inherited() | account, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@dataclass(frozen=True)
class Sent:
    """A report that went up through a proxy: the sender's token, the machine's that may fetch it, and what was sent."""

    behind: Behind
    token: str
    machine: str
    sound: Path


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """One server for all proxies: each listens in its turn on the port of the public URL."""
    folder = tmp_path_factory.mktemp("behind")
    port = free_port()
    certificate = own_certificate(folder, "127.0.0.1")
    with running_server(folder, f"https://localhost:{port}") as server:
        server.command("institution", "add", "Clinic", "--domain", "clinic.example")
        yield Behind(server, Site(port, server.port, certificate.chain, certificate.key))


@pytest.fixture(scope="module", params=SHIPPED_PROXIES)
def proxied(request: pytest.FixtureRequest, behind: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """A report that was sent through each of the proxies with its shipped configuration, which goes on running."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    with running_proxy(SHIPPED_PROXIES[name], folder / "proxy", behind.site):
        token = signed_in(behind, name)
        sound = folder / "noise.wav"
        sound.write_bytes(noise(UPLOAD_PART_BYTES + 1_000_000))  # two parts, the first of the largest size
        machine = behind.server.command("service-account", "add", f"record of {name}", "--institution", "Clinic")
        behind.picsafe(token, "send", sound, "--patient-name", "Somebody", "--to", f"{name}@clinic.example")
        yield Sent(behind, token, machine.split()[-1], sound)


def signed_in(behind: Behind, name: str) -> str:
    """The session token of a new member of the clinic."""
    email = f"{name}@clinic.example"
    invitation = ("account", "add", email, "--name", name, "--country", "AU", "--institution", "Clinic")
    link = behind.server.command(*invitation)
    with behind.client() as http:
        accepted = {"token": link.rpartition("/")[2], "password": PASSWORD}
        assert http.post("/users/v1/invitations", json=accepted).status_code == 201
        body = {"email": email, "password": PASSWORD, "device": "test", "transport": "token"}
        token: str = http.post("/users/v1/sessions", json=body).json()["token"]
    return token


def test_a_report_goes_through_whole(proxied: Sent, tmp_path: Path) -> None:
    proxied.behind.picsafe(proxied.machine, "sync", "--once", tmp_path)
    (fetched,) = tmp_path.rglob("*.wav")
    assert fetched.stat().st_size == proxied.sound.stat().st_size


def test_a_forged_address_does_not_reach_the_access_log(proxied: Sent) -> None:
    with proxied.behind.client(proxied.token) as http:
        (report,) = http.get("/users/v1/reports?box=inbox").json()["reports"]
        audience = {"audience": proxied.behind.server.public_url + "/keys"}
        token = http.post("/users/v1/tokens", json=audience).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        path = f"/keys/v1/reports/{report['id']}/log"
        created = http.get(path).json()["entries"][0]
        release = f"/keys/v1/keys/{created['key_id']}/release"
        forged = {"X-Forwarded-For": FORGED, "X-Real-IP": FORGED, "Forwarded": f"for={FORGED}"}
        assert http.post(release, json={"report_id": report["id"]}, headers=forged).status_code == 200
        entries = http.get(path).json()["entries"]
    assert {"created", "released"} == {entry["event"] for entry in entries}
    assert {entry["from"] for entry in entries} == {"127.0.0.1"}


def test_a_live_inbox_is_not_buffered(proxied: Sent) -> None:
    with proxied.behind.client(proxied.token) as http, http.stream("GET", "/users/v1/events") as live:
        assert live.status_code == 200
        assert next(live.iter_raw())  # while the answer goes on: it never ends


def test_the_page_arrives_compressed_and_with_its_headers(proxied: Sent) -> None:
    with proxied.behind.client() as http:
        page = http.get("/", headers={"Accept-Encoding": "br"})
        assert page.status_code == 200
        assert (page.headers["Cache-Control"], page.headers["Content-Encoding"]) == ("no-cache", "br")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        manifest = http.get("/manifest.json").json()
        asset = next(name for name in manifest if name.startswith("assets/"))
        assert "immutable" in http.get("/" + asset).headers["Cache-Control"]


def test_a_body_that_is_too_large_is_refused(proxied: Sent) -> None:
    with proxied.behind.client() as http:
        assert http.post("/users/v1/sessions", content=bytes(10_000_000)).status_code in {400, 413}


@pytest.mark.parametrize("proxy", BARE_PROXIES)
def test_the_page_is_not_redirected_to_itself_by_a_proxy_that_passes_nothing_on(
    proxy: str, behind: Behind, tmp_path: Path
) -> None:
    with running_proxy(BARE_PROXIES[proxy], tmp_path / "proxy", behind.site), behind.client() as http:
        page = http.get("/")
        assert (page.status_code, page.headers.get("Location")) == (200, None)


def noise(size: int) -> bytes:
    """A WAVE file of about `size` bytes that nothing compresses."""
    samples = os.urandom(size & ~1)
    pcm = bytes.fromhex("01000100401f0000803e000002001000")  # one channel of 16 bits at 8 kHz
    head = b"WAVEfmt " + _u32(16) + pcm + b"data" + _u32(len(samples))
    return b"RIFF" + _u32(len(samples) + 36) + head + samples


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")
