"""Addresses of screens: ``#/report/<id>`` and the like. They carry identifiers, never patient data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

HOME: Final = "inbox"
PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    "inbox": (),
    "sent": (),
    "report": ("id",),
    "file": (),
    "send": (),
    "account": (),
    "institution": ("section",),
    "invitation": ("token",),
}
"""Screen name to the names of the path's parts; those of `OPTIONAL` may be missing."""

OPTIONAL: Final = frozenset({"section"})
PUBLIC: Final = frozenset({"invitation"})
"""Screens that nobody needs to be signed in for. sign-in.js knows the same names."""


@dataclass(frozen=True)
class Route:
    """A parsed address. `screen` is empty when there is no such screen."""

    screen: str
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_public(self) -> bool:
        """Whether it can be shown to somebody who is not signed in."""
        return self.screen in PUBLIC


def parse(address: str) -> Route:
    """The route of a location's hash. The empty one is the inbox; what fits no pattern has an empty `screen`."""
    path, _, query = address.removeprefix("#").partition("?")
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    if not parts:
        return Route(HOME)
    screen, values = parts[0], parts[1:]
    names = PATTERNS.get(screen)
    if names is None or len(values) > len(names):
        return Route("")
    if any(name not in OPTIONAL for name in names[len(values) :]):
        return Route("")
    return Route(screen, dict(parse_qsl(query)) | dict(zip(names, values, strict=False)))


def address(screen: str, *parts: str, **query: str) -> str:
    """The hash for a screen: ``address("report", id)`` is ``#/report/<id>``."""
    path = "/".join(quote(each, safe="") for each in (screen, *parts))
    return f"#/{path}" + (f"?{urlencode(query)}" if query else "")
