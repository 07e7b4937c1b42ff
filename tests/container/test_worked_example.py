"""`deploy/compose.yaml` whole: every service starts, and a report goes from one region's clinician to a record system.

The images that no registry brings here are stand-ins that run the machine's own Caddy, PostgreSQL and Ceph.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness.containers import BASE, LIMITS, ROOT, free_port, run
from PIL import Image

from picsafe_server.certificates import own_certificate

pytestmark = [pytest.mark.container, pytest.mark.long, pytest.mark.timeout(900)]
STAND_INS = ROOT / "tests" / "container" / "stand_ins" / "compose.yaml"
HOST = "picsafe.example"
PYTHON = Path("/usr/lib/python3") if sys.base_prefix == "/usr" else Path(sys.base_prefix)
"""What the interpreter of the virtual environment needs besides /usr."""
PASSWORD = "nine lives of a careful cat"
WAIT = f"""
import sys, time, urllib.request
until = time.monotonic() + 180
waiting = sys.argv[1:]
while waiting:
    try:
        urllib.request.urlopen("https://{HOST}" + waiting[0], timeout=5)
        del waiting[0]
    except OSError as error:
        if time.monotonic() > until:
            sys.exit(f"{{waiting[0]}} did not become ready: {{error}}")
        time.sleep(0.5)
"""
"""Waits in a container until these paths of the deployment are found."""
ACCEPT = f"""
import json, sys, urllib.request
def post(path, body):
    request = urllib.request.Request("https://{HOST}/users/v1" + path, json.dumps(body).encode(), {{"Content-Type": "application/json"}})
    return json.load(urllib.request.urlopen(request))
link, email = sys.argv[1:]
post("/invitations", {{"token": link.rpartition("/")[2], "password": "{PASSWORD}"}})
print(post("/sessions", {{"email": email, "password": "{PASSWORD}", "device": "test", "transport": "token"}})["token"])
"""
"""Accepts an invitation and signs in; prints the session's token."""

LOOK = """
import asyncio, asyncpg, os, socket, sys
other = sys.argv[1]
own = next(value for name, value in os.environ.items() if name.endswith("_DATABASE")).replace("+asyncpg", "")
async def main():
    await (await asyncpg.connect(own)).close()
    for name in (other.replace("-", "_"), "postgres", "template1"):
        try:
            await asyncpg.connect(own.rpartition("/")[0] + "/" + name)
        except asyncpg.InsufficientPrivilegeError:
            continue
        sys.exit(f"connected to {name}")
    try:
        socket.create_connection((other, 8000), 3)
    except OSError:
        print("apart")
asyncio.run(main())
"""
"""Prints `apart` where a role can connect to its own database, to no other one, and not to another role."""


@dataclass(frozen=True)
class Example:
    """The running example, and the folder that its clients share."""

    project: str
    folder: Path
    environment: Mapping[str, str]

    def compose(self, *words: str, check: bool = True) -> str:
        """What podman-compose prints."""
        command = [
            Path(sys.executable).with_name("podman-compose"),
            *("-p", self.project, "-f", ROOT / "deploy" / "compose.yaml", "-f", STAND_INS),
            *("--env-file", self.folder / "example.env", *words),
        ]
        done = subprocess.run(
            list(map(str, command)),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if check and done.returncode != 0:
            pytest.fail(f"podman-compose {' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def operator(self, service: str, *command: str) -> str:
        """Run one of the operator's commands in a service."""
        return run("podman", "exec", f"{self.project}_{service}_1", "picsafe-server", *command).strip()

    def client(self, *command: str | Path, **environment: str) -> str:
        """Run a program of this checkout as somebody outside, who reaches the proxy by its public name."""
        places = {Path("/usr"): "ro", PYTHON: "ro", ROOT: "ro", self.folder: "rw"}
        mounts = [("--volume", f"{path}:{path}:{mode}") for path, mode in places.items()]
        given = {
            "SSL_CERT_FILE": str(self.folder / "certificates" / "proxy.crt"),
            "HOME": str(self.folder),
            **environment,
        }
        values = [("--env", f"{name}={value}") for name, value in given.items()]
        options = [word for pair in (*mounts, *values) for word in pair]
        network = ("--network", f"{self.project}_outside", *LIMITS)
        return run("podman", "run", "--rm", *network, *options, BASE, *command).strip()

    def wait_until_ready(self) -> None:
        """Until each role answers through the proxy."""
        clouds = [f"/cloud/{region}/.well-known/jwks.json" for region in ("au", "de")]
        self.client(
            *(sys.executable, "-c", WAIT, "/health", "/users/.well-known/jwks.json", "/keys/v1/checkpoint", *clouds)
        )


@pytest.fixture(scope="module")
def example(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """The whole file, started."""
    if shutil.which("caddy") is None:
        pytest.skip("caddy is not installed here; scripts/setup.sh test installs it on Debian")
    folder = tmp_path_factory.mktemp("example")
    certificates = folder / "certificates"
    certificates.mkdir()
    made = own_certificate(folder, "127.0.0.1", HOST)
    shutil.copy(made.chain, certificates / "proxy.crt")
    shutil.copy(made.key, certificates / "proxy.key")
    for path in (folder, certificates, *certificates.iterdir()):
        path.chmod(0o755)  # the roles run as a user of their own
    values = (ROOT / "deploy" / "example.env").read_text("utf-8").replace("change-me-", uuid.uuid4().hex)
    tls = "TLS=tls /picsafe-test/proxy.crt /picsafe-test/proxy.key"
    more = [tls, f"PICSAFE_IMAGE={image}", f"PORT=127.0.0.1:{free_port()}"]
    (folder / "example.env").write_text("\n".join([values.replace("\nTLS=\n", "\n"), *more, ""]))
    (folder / "containers.conf").write_text(
        '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n[engine]\nruntime = "runc"\n'
    )
    environment = {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "STAND_IN_IMAGE": BASE,
        "CERTIFICATES": str(certificates),
        "CHECKOUT": str(ROOT),
        "PYTHON": str(PYTHON),
    }
    running = Example(f"picsafe{uuid.uuid4().hex[:8]}", folder, environment)
    try:
        running.compose("up", "-d")
        running.wait_until_ready()
        yield running
    finally:
        (folder / "log").write_text(running.compose("logs", check=False))
        running.compose("down", "-v", "-t", "0", check=False)


def test_a_report_goes_from_an_australian_sender_to_a_german_record_system(example: Example) -> None:
    example.operator("users", "institution", "add", "Clinic", "--domain", "clinic.example")
    machine = example.operator("users", "service-account", "add", "record", "--institution", "Clinic").split()[-1]
    link = example.operator(
        "users", "account", "add", "ana@clinic.example", "--name", "Ana", "--country", "AU", "--institution", "Clinic"
    )
    ana = example.client(sys.executable, "-c", ACCEPT, link, "ana@clinic.example")
    photo = example.folder / "photo.png"
    Image.linear_gradient("L").save(photo)
    picsafe = Path(sys.executable).with_name("picsafe")
    url = f"https://{HOST}"
    sent = ("send", photo, "--patient-name", "Somebody", "--to", "ana@clinic.example")
    example.client(picsafe, *sent, PICSAFE_URL=url, PICSAFE_TOKEN=ana)
    example.client(picsafe, "sync", "--once", example.folder / "fetched", PICSAFE_URL=url, PICSAFE_TOKEN=machine)
    (fetched,) = (example.folder / "fetched").rglob("*.png")
    assert Image.open(fetched).tobytes() == Image.open(photo).tobytes()


@pytest.mark.parametrize(("role", "other"), [("users", "keys"), ("keys", "users"), ("cloud-au", "cloud-de")])
def test_a_role_reaches_no_other_database_and_no_other_role_directly(example: Example, role: str, other: str) -> None:
    assert run("podman", "exec", f"{example.project}_{role}_1", "python3", "-c", LOOK, other).strip() == "apart"
