"""`docs/api.md` says what the server does: every route, who may call it, and nothing that is no longer there."""

from __future__ import annotations

from scripts.api_document import DOCUMENT, document


def test_the_document_is_what_the_server_says() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run: .venv/bin/python scripts/api_document.py"


def test_every_route_says_who_may_call_it() -> None:
    assert "For ." not in document()
