"""`docs/api.md` says what the server does: every route, who may call it, and nothing that is no longer there."""

from __future__ import annotations

import re

import pytest

from picsafe_protocol.contracts.errors import BY_CODE
from picsafe_server.app import create_app
from picsafe_server.openapi.description import Route, describe
from picsafe_server.settings import Settings
from scripts.api_document import DOCUMENT, document


def test_the_document_is_what_the_server_says() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run: .venv/bin/python scripts/api_document.py"


def test_every_route_says_who_may_call_it() -> None:
    assert "For ." not in document()


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    app = create_app(Settings(data=tmp_path_factory.mktemp("data"), roles=("users", "cloud", "keys")))
    return [route for section in describe(app).values() for route in section]


def test_every_answer_is_described_field_by_field(routes: list[Route]) -> None:
    """But for those that are no JSON: packages, streams, CSV, checkpoints."""
    silent = [f"{each.method} {each.path}" for each in routes if not each.answer and each.answer_kind == "nothing"]
    without_a_body = [f"{each.method} {each.path}" for each in routes if set(each.answers) <= {"204"}]
    created_without_a_body = ["POST /users/v1/invitations"]
    heads = ["HEAD /cloud/{region}/v1/packages/{report_id}"]
    downloads = ["GET /cloud/{region}/v1/packages/{report_id}"]  # its text says what it is
    assert set(silent) <= {*without_a_body, *created_without_a_body, *heads, *downloads}
    assert not [each for each in routes if any("any" in field.kind.split() for field in each.answer)]


def test_every_route_says_how_it_refuses(routes: list[Route]) -> None:
    for route in routes:
        statuses = [each.status for each in route.refusals]
        assert statuses[0] == 400
        assert statuses == sorted(set(statuses)), route.path
        if not route.access.startswith("anybody"):
            assert 401 in statuses, route.path


def test_every_object_that_is_named_is_described() -> None:
    text = document()
    named = set(
        re.findall(r"\| (?:list of )?([A-Z][A-Za-z]+)(?: or null)?(?:, may be absent)? \|$", text, re.MULTILINE)
    )
    assert {"ReportView", "GrantAt", "LogEntry"} <= named
    assert not [name for name in named if f"### `{name}`" not in text]


def test_every_code_is_listed() -> None:
    text = document()
    assert not [code for code in BY_CODE if f"| `{code}` | {BY_CODE[code].status} |" not in text]
