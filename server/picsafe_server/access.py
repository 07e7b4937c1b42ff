"""Who may call a route. Every route declares it with `only(...)`; a test fails for one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True)
class Access:
    """One rule of access: a name for the documentation, its meaning in a sentence, and the guard that enforces it."""

    name: str
    meaning: str
    guard: Guard


async def _everybody(connection: Connection, handler: BaseRouteHandler) -> None:
    """Lets everybody in."""


OPEN = Access("open", "anybody, signed in or not", _everybody)


def only(access: Access) -> dict[str, Any]:
    """Keyword arguments for a route handler that only `access` may call: `@get("/x", **only(SIGNED_IN))`."""
    return {"guards": [access.guard], "opt": {"access": access.name, "access_meaning": access.meaning}}
