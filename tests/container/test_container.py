"""The image as an operator runs it: locked down, provisioned by its own command, with a report driven through it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest
from harness.containers import LIMITS, Container, run
from PIL import Image

from picsafe_cli.api.client import Api
from picsafe_cli.receive.download import CloudSource
from picsafe_cli.receive.open_report import open_report
from picsafe_cli.receive.save_report import save_report
from picsafe_cli.send.media_preparation import prepare
from picsafe_cli.send.send_report import send
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.crypto.buffers import BYTES
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.package import read_package
from picsafe_protocol.format.report import Patient
from picsafe_protocol.json.messages import read

pytestmark = [pytest.mark.container, pytest.mark.timeout(900)]
PASSWORD = "nine lives of a careful cat"


class Silent:
    def phase(self, name: str, total: int) -> None:
        """Nobody is watching."""

    def advance(self, count: int) -> None:
        """Nobody is watching."""


def invited(container: Container, email: str, country: str, *more: str) -> None:
    """Add an account by the container's own command, and accept the invitation that it prints."""
    command = ("picsafe-server", "account", "add", email, "--name", email.split("@")[0], "--country", country, *more)
    link = container.execute(*command).strip()
    token = link.rpartition("/")[2]
    answer = httpx.post(container.url + "/users/v1/invitations", json={"token": token, "password": PASSWORD})
    assert answer.status_code == 201, answer.text


async def signed_in(container: Container, email: str) -> str:
    async with Api(container.url) as api:
        body = {"email": email, "password": PASSWORD, "device": "test", "transport": "token"}
        answer = await api.users("POST", "/v1/sessions", body)
    token: str = answer["token"]
    return token


@pytest.mark.anyio
async def test_a_report_goes_through_the_container(container: Container, tmp_path: Path) -> None:
    container.execute("picsafe-server", "institution", "add", "Clinic", "--domain", "clinic.example")
    invited(container, "ana@clinic.example", "NZ", "--institution", "Clinic", "--role", "administrator")
    invited(container, "ben@clinic.example", "DE", "--institution", "Clinic")
    photo = tmp_path / "photo.jpg"
    Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(photo)
    prepared = prepare([photo])
    async with Api(container.url, await signed_in(container, "ana@clinic.example")) as api:
        facts = ReportDetails(patient=Patient("Somebody"))
        sent = await send(api, prepared, facts, ["ben@clinic.example"], Silent())
    assert sent.region == "au"
    async with Api(container.url, await signed_in(container, "ben@clinic.example")) as api:
        (arrived,) = (await api.users("GET", "/v1/reports?box=inbox"))["reports"]
        source = CloudSource(api, arrived["id"], arrived["size"])
        assert (await read_package(source, BYTES)).header.keyserver_url == container.url + "/keys"
        opened = await open_report(
            api, source, [container.url + "/keys"], expected=Expectations.of_report(read(ReportView, arrived))
        )
        output = tmp_path / "opened"
        output.mkdir()
        files = {path.suffix: path for path in await save_report(opened, output)}
    assert hashlib.sha256(files[".jpg"].read_bytes()).hexdigest() == prepared[0].medium.sha256


def test_the_page_and_the_description_of_the_interface_are_there(container: Container) -> None:
    page = httpx.get(container.url + "/")
    assert page.status_code == 200
    assert "script-src 'self' 'wasm-unsafe-eval'" in page.headers["content-security-policy"]
    assert httpx.get(container.url + "/schema/openapi.json").status_code == 200
    assert "PicSafe API" in httpx.get(container.url + "/docs/api").text


def test_it_is_locked_down_and_ends_orderly(container: Container) -> None:
    assert container.execute("id", "-u").strip() == "10001"
    assert run("podman", "exec", container.name, "touch", "/opt/picsafe/x", check=False) == ""
    assert container.execute("sh", "-c", "ls /opt/picsafe/x 2>/dev/null || echo refused").strip() == "refused"
    assert container.stop(seconds=30) == 0, "it had to be killed"


def test_nothing_secret_and_no_tool_is_in_the_image(image: str) -> None:
    look = "find /opt/picsafe /var/lib/picsafe /wheels -type f 2>/dev/null; true"
    listing = run("podman", "run", "--rm", "--network", "none", *LIMITS, "--entrypoint", "sh", image, "-c", look)
    names = listing.splitlines()
    assert any(name.endswith("picsafe_server/app.py") for name in names)
    secret = [name for name in names if name.endswith((".key", ".keys", ".sqlite", "signing.pem", ".env"))]
    assert not secret
    assert not [name for name in names if "/site-packages/pip/" in name or name.endswith(".whl")]
