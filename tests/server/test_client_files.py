"""Where the page is served, and where the browser is sent on to the public URL instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from litestar.testing import TestClient

from picsafe_server.app import create_app
from picsafe_server.http import security_headers
from picsafe_server.settings import Settings


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The smallest client that can be served."""
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "manifest.json").write_text(json.dumps({"index.html": "0" * 64}))
    return folder


def location(built: Path, public_url: str, asked: str, **headers: str) -> str | None:
    """Where a browser that asks for `asked` is sent to; None when it gets the page."""
    settings = Settings(public_url=public_url, roles=("client",), client_folder=built, data=built.parent / "data")
    with TestClient(create_app(settings)) as client:
        answer = client.get(asked, headers=headers, follow_redirects=False)
    assert answer.status_code in {200, 302}
    found: str | None = answer.headers.get("Location")
    return found


def test_another_name_of_this_machine_leads_to_the_public_url(built: Path) -> None:
    assert location(built, "http://localhost:8000", "http://127.0.0.1:8000/") == "http://localhost:8000/?moved"


@pytest.mark.parametrize(
    ("public_url", "asked"),
    [
        ("http://localhost:8000", "http://localhost:8000/"),
        # A proxy on this machine that sets Host to the address it connects to (the default of nginx and Apache):
        ("https://picsafe.example", "http://127.0.0.1:8000/"),
        ("http://localhost", "http://127.0.0.1:8000/"),
        ("http://localhost:8080", "http://127.0.0.1:8000/"),
        # ... and one whose port happens to be the same: redirected once, never twice.
        ("http://localhost:8000", "http://127.0.0.1:8000/?moved"),
    ],
)
def test_the_page_is_never_redirected_to_the_address_that_was_asked_for(
    built: Path, public_url: str, asked: str
) -> None:
    assert location(built, public_url, asked) is None


def test_each_kind_of_file_has_its_own_policy(built: Path) -> None:
    """A worker obeys the policy of its own answer, whatever the page may do."""
    files = {
        "index.html": security_headers.content_security_policy([]),
        "worker.js": security_headers.WORKER_POLICY,
        "assets/heic-worker.0123456789abcdef.js": security_headers.DECODER_POLICY,
        "assets/heic-worker.js": security_headers.API_POLICY,
        "assets/libheif.0123456789abcdef.js": security_headers.API_POLICY,
    }
    (built / "assets").mkdir()
    for name in files:
        (built / name).write_text("0")
    (built / "manifest.json").write_text(json.dumps(dict.fromkeys(files, "0" * 64)))
    settings = Settings(roles=("client",), client_folder=built, data=built.parent / "data")
    with TestClient(create_app(settings)) as client:
        found = {name: client.get(f"http://localhost:8000/{name}").headers["Content-Security-Policy"] for name in files}
    assert found == files
