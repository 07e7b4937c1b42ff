"""Every problem that the tests here provoke at a route must be one that the route declares: `docs/api.md` is made from that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Request, Response

from picsafe_protocol.contracts.errors import RequestTimedOut
from picsafe_server import app
from picsafe_server.http import problem_details
from picsafe_server.monitoring import readiness

_undeclared: list[str] = []


def _watched(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    handler = request.scope.get("route_handler")
    if handler is not None and "problems" in handler.opt:
        code = problem_details.as_picsafe_error(error).code
        everywhere = RequestTimedOut.code  # the document's introduction says it once, for every body
        if code not in {everywhere, *(each.code for each in handler.opt["problems"])}:
            _undeclared.append(f"{request.scope['method']} {request.scope['path']}: {code}")
    return problem_details.problem_response(request, error)


app.__dict__["problem_response"] = _watched


@pytest.fixture(autouse=True)
def every_problem_is_declared() -> Iterator[None]:
    """Fails a test in which a route said no in a way that its documentation does not tell."""
    _undeclared.clear()
    yield
    assert _undeclared == []


@pytest.fixture(autouse=True)
def readiness_is_looked_into_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was true two seconds ago is of no use to a test."""
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0)
