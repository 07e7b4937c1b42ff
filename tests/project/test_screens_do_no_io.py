"""Screens show and ask; requests, encryption and digests are the work of the packages below them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

CLIENT: Final = Path(__file__).resolve().parents[2] / "client" / "py" / "picsafe_client"
SCREENS: Final = sorted(CLIENT.glob("screens/**/*.py"))

REQUESTS: Final = frozenset({"cloud", "fetch", "fetch_bytes", "request", "send_bytes", "users"})
"""Methods of `api.client.Api`, and the browser's own."""
BROWSER: Final = frozenset({"XMLHttpRequest", "WebSocket", "EventSource", "crypto", "subtle", "kernel", "sendBeacon"})
"""What the browser offers for requests, encryption and digests."""


def io_of(source: str) -> list[str]:
    """The requests, encryptions and digests in a module, as far as names show them."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REQUESTS:
            found.append(f"line {node.lineno}: .{node.func.attr}()")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys":
            found += [f"line {node.lineno}: .keys() with arguments"] if node.args else []
        elif isinstance(node, ast.Attribute) and node.attr in BROWSER:
            found.append(f"line {node.lineno}: .{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module and _is_below(node.module):
            found.append(f"line {node.lineno}: {node.module}")
        elif isinstance(node, ast.Import):
            found += [f"line {node.lineno}: {each.name}" for each in node.names if _is_below(each.name)]
    return found


def _is_below(module: str) -> bool:
    return module.startswith(("picsafe_client.crypto", "picsafe_protocol.crypto", "hashlib", "hmac", "secrets"))


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: str(path.relative_to(CLIENT)))
def test_a_screen_leaves_requests_and_cryptography_to_packages_below(path: Path) -> None:
    assert io_of(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "await self.app.api.users('GET', '/v1/me')",
        "await api.keys(url, 'POST', '/v1/keys', token)",
        "js.fetch('/users/v1/me')",
        "js.crypto.subtle.digest('SHA-256', data)",
        "js.picsafe.kernel.sha256(data)",
        "from picsafe_client.crypto.hashing import sha256",
        "import hashlib",
    ],
)
def test_each_kind_is_seen(line: str) -> None:
    assert io_of(line)


def test_keys_of_a_dictionary_are_no_request() -> None:
    assert io_of("list({}.keys())") == []
