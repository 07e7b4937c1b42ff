"""A client that a generator made of the OpenAPI document, and nobody here wrote, sends a report and downloads it from a real server."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness.server_process import environment, running_server

from picsafe_protocol.crypto.package_digest import Pieces, hash_pieces
from picsafe_protocol.format.composing import Uploaded, completion, content_digest

PASSWORD = "correct horse battery"
PACKAGE = os.urandom(300_000)
MADE = "generated_picsafe_client"


@dataclass
class Generated:
    """The generated package."""

    url: str
    clients: ExitStack

    def api(self, role: str, name: str) -> Any:
        return importlib.import_module(f"{MADE}.api.{role}.{name}")

    def model(self, name: str) -> Any:
        return getattr(importlib.import_module(f"{MADE}.models"), name)

    def holding(self, token: str) -> Any:
        """A client with this token."""
        made = importlib.import_module(f"{MADE}.client").AuthenticatedClient(base_url=self.url, token=token)
        return self.clients.enter_context(made)

    def nobody(self) -> Any:
        return self.clients.enter_context(importlib.import_module(f"{MADE}.client").Client(base_url=self.url))

    def file(self, content: bytes) -> Any:
        return importlib.import_module(f"{MADE}.types").File(payload=io.BytesIO(content))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    """A server with two people, and the client made of the document that it serves."""
    folder = tmp_path_factory.mktemp("generated")
    with running_server(folder) as server:
        document = folder / "openapi.json"
        document.write_bytes(httpx.get(f"{server.url}/schema/openapi.json").raise_for_status().content)
        _generate(folder, document)
        for name in ("ada", "bo"):
            _account(server.url, environment(folder / "data", server.port), f"{name}@example.org")
        sys.path.insert(0, str(folder))
        with ExitStack() as clients:
            yield Generated(f"http://localhost:{server.port}", clients)
        sys.path.remove(str(folder))


def _generate(folder: Path, document: Path) -> None:
    config = folder / "generator.json"
    config.write_text(json.dumps({"post_hooks": []}))
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--path", str(document)]
    command += ["--output-path", str(folder / MADE), "--meta", "none", "--config", str(config), "--fail-on-warning"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def _account(url: str, settings: dict[str, str], email: str) -> None:
    command = [sys.executable, "-m", "picsafe_server.cli", "account", "add", email, "--name", email, "--country", "AU"]
    link = subprocess.run(command, env=settings, capture_output=True, text=True, check=True).stdout.strip()
    body = {"token": link.rpartition("/")[2], "password": PASSWORD}
    httpx.post(f"{url}/users/v1/invitations", json=body).raise_for_status()


def sign_in(generated: Generated, email: str) -> Any:
    body = generated.model("SignIn")(
        email=email, password=PASSWORD, transport=generated.model("SignInTransport")("token")
    )
    begun = generated.api("users", "users_v1_sessions_sign_in").sync(client=generated.nobody(), body=body)
    return generated.holding(begun.token)


def test_a_report_is_sent_and_downloaded(generated: Generated) -> None:
    ada, bo = sign_in(generated, "ada@example.org"), sign_in(generated, "bo@example.org")
    new = generated.model("NewReport")(recipients=["bo@example.org"], size=len(PACKAGE))
    begun = generated.api("users", "users_v1_reports_begin").sync(client=ada, body=new)
    report_id, region = begun.report_id, begun.region

    key_request = generated.model("KeyRequest")(report_id=report_id)
    maker = generated.holding(begun.keyserver.grant)
    issued = generated.api("keys", "keys_v1_create_key").sync(client=maker, body=key_request)

    def cloud(name: str) -> Any:
        return generated.api("cloud", f"cloud_region_v1_{name}")

    grant = generated.holding(begun.cloud.grant)
    body = generated.model("NewUpload")(size=len(PACKAGE))
    for status in (201, 200):  # begun, then resumed
        state = cloud("uploads_report_id_begin").sync_detailed(region, report_id, client=grant, body=body)
        assert (int(state.status_code), state.parsed.parts) == (status, [])
    put = cloud("uploads_report_id_parts_index_put_part").sync_detailed(
        region,
        report_id,
        0,
        client=grant,
        body=generated.file(PACKAGE),
        content_digest=content_digest(hashlib.sha256(PACKAGE).digest()),
    )
    assert int(put.status_code) == 204, put.content
    sha256, pieces = hashlib.sha256(PACKAGE).hexdigest(), Pieces(len(PACKAGE), hash_pieces(PACKAGE))
    whole = generated.model("Completion").from_dict(completion(sha256, pieces))
    receipt = cloud("uploads_report_id_complete_complete").sync(region, report_id, client=grant, body=whole).receipt
    handed_in = generated.model("ReceiptBody").from_dict(Uploaded(receipt, sha256, pieces).to_json())
    accept = generated.api("users", "users_v1_reports_report_id_receipt_accept_receipt")
    assert accept.sync(report_id, client=ada, body=handed_in).state == "available"

    (row,) = generated.api("users", "users_v1_reports_reports").sync(client=bo).reports
    assert (row.id, row.size) == (report_id, len(PACKAGE))
    wanted = generated.model("GrantRequest")(action=generated.model("GrantRequestAction")("package.download"))
    made = generated.api("users", "users_v1_reports_report_id_grants_make_grant")
    holder = generated.holding(made.sync(report_id, client=bo, body=wanted).grant)
    download = cloud("packages_report_id_download")
    assert download.sync(region, report_id, client=holder).payload.read() == PACKAGE
    some = download.sync_detailed(region, report_id, client=holder, range_="bytes=100-199")
    assert (int(some.status_code), some.parsed.payload.read()) == (206, PACKAGE[100:200])
    assert some.headers["content-range"] == f"bytes 100-199/{len(PACKAGE)}"

    asked = generated.model("TokenRequest")(audience=row.keyserver_url)
    token = generated.api("users", "users_v1_tokens_make_token").sync(client=bo, body=asked).token
    release = generated.api("keys", "keys_v1_key_id_release_release_key")
    request = generated.model("ReleaseRequest")(report_id=report_id)
    assert release.sync(issued.key_id, client=generated.holding(token), body=request).key == issued.key

    refused = download.sync(region, report_id, client=generated.holding("nonsense"))
    assert (type(refused).__name__, refused.code) == ("Problem", "token_refused")


def test_every_route_says_how_its_caller_proves_who_they_are(generated: Generated) -> None:
    document = httpx.get(f"{generated.url}/schema/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    invitations = "/users/v1/invitations"
    by_password = {("post", "/users/v1/sessions"), ("post", invitations), ("post", f"{invitations}/look")}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            named = {scheme for choice in operation.get("security", []) for scheme in choice}
            assert named <= set(schemes), (method, path)
            refuses = "401" in operation["responses"] and (method, path) not in by_password
            assert bool(named) == refuses, (method, path)
