"""Access rules for routes, and the errors that each may return.

Every route declares both with `route_access(...)`; tests fail for a route that does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import Guard

from picsafe_protocol.contracts.errors import InternalError, InvalidRequest, PicSafeError, ServiceError

Connection = ASGIConnection[Any, Any, Any, Any]
Problems = tuple[type[PicSafeError], ...]


class Problem(msgspec.Struct):
    """RFC 9457 problem details. `code` is for programs and stable, `detail` and `advice` are for people; some codes
    have further fields.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    advice: str


@dataclass(frozen=True)
class Access:
    """One access rule: a name for the documentation, its meaning in a sentence, the guard that enforces it, and the
    guard's errors.
    """

    name: str
    meaning: str
    guard: Guard
    problems: Problems = ()
    schemes: tuple[str, ...] = ()
    """How a caller proves it, any of them: names out of `operations.SCHEMES`."""


async def _everybody(connection: Connection, handler: BaseRouteHandler) -> None:
    """Admits everybody."""


PUBLIC = Access("open", "anybody, signed in or not", _everybody)

COMMON_PROBLEMS: Problems = (InvalidRequest, ServiceError, InternalError)
"""What any route may answer: to a request that is not valid, while the role's database is away, and to what nobody
foresaw.
"""


def route_access(access: Access, *problems: type[PicSafeError]) -> dict[str, Any]:
    """Keyword arguments for a route handler that only `access` may call:
    `@get("/x", **route_access(SIGNED_IN, NotFound))`.

    `problems` are the errors of the route itself, besides those of the access rule and those of every route.
    """
    declared = tuple(dict.fromkeys((*COMMON_PROBLEMS, *access.problems, *problems)))
    kept = router_access(access)
    kept["opt"]["problems"] = declared
    kept["security"] = [{scheme: []} for scheme in access.schemes]
    return {**kept, "responses": _responses(declared)}


def router_access(access: Access) -> dict[str, Any]:
    """The same for a router whose routes are not documented one by one."""
    return {"guards": [access.guard], "opt": {"access": access.name, "access_meaning": access.meaning}}


def by_status(problems: Iterable[type[PicSafeError]]) -> dict[int, list[type[PicSafeError]]]:
    """The problems under each status, both in order."""
    found: dict[int, list[type[PicSafeError]]] = defaultdict(list)
    for problem in sorted(problems, key=lambda each: (each.status, each.code)):
        found[problem.status].append(problem)
    return dict(found)


def _responses(problems: Problems) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            Problem,
            description="; ".join(f"`{each.code}`: {each.title}" for each in found),
            media_type="application/problem+json",
            generate_examples=False,
        )
        for status, found in by_status(problems).items()
    }
