"""The HTTP interface as a list of routes: what the page `/docs/api` and the document `docs/api.md` are made from.

The words are those of the handlers' summaries and docstrings, the fields those of their types, the access that which they
declare: nothing is written twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

TITLES = {"users": "User server", "cloud": "Cloud", "keys": "Key server", "process": "Every process"}


@dataclass(frozen=True)
class Field:
    """A parameter or a field of a body: `kind` is its type in a word or two, `place` where it stands."""

    name: str
    kind: str
    place: str
    required: bool


@dataclass(frozen=True)
class Route:
    """One method of one address. `access` says who may call it."""

    method: str
    path: str
    summary: str
    text: str
    access: str
    fields: tuple[Field, ...]
    answers: tuple[str, ...]


def describe(app: Litestar) -> dict[str, list[Route]]:
    """Every documented route by role, in the order of paths."""
    schema = app.openapi_schema.to_schema()
    access = _access(app)
    sections: dict[str, list[Route]] = {tag: [] for tag in TITLES}
    for path, item in sorted(schema.get("paths", {}).items()):
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                tag = (operation.get("tags") or ["process"])[0]
                route = _route(schema, path, method.upper(), operation, access.get((path, method.upper()), ""))
                sections.setdefault(tag, []).append(route)
    return {TITLES.get(tag, tag): routes for tag, routes in sections.items() if routes}


def _access(app: Litestar) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    found[(route.path_format, str(method))] = str(handler.opt.get("access_meaning", ""))
    return found


def _route(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any], access: str) -> Route:
    fields = [
        Field(item["name"], _kind(schema, item.get("schema", {})), item.get("in", ""), bool(item.get("required")))
        for item in sorted(operation.get("parameters", []), key=lambda item: _place(path, item))
        if "name" in item
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        body = _resolved(schema, content.get("schema", {}))
        required = set(body.get("required", []))
        for name, value in body.get("properties", {}).items():
            fields.append(Field(name, _kind(schema, value), "body", name in required))
    return Route(
        method,
        path,
        operation.get("summary") or "",
        " ".join((operation.get("description") or "").split()),
        access,
        tuple(fields),
        tuple(sorted(operation["responses"])),
    )


def _place(path: str, parameter: dict[str, Any]) -> tuple[int, str]:
    """Path parameters as they follow in the path, then the others by name: the framework hands them out in any order."""
    name = parameter.get("name", "")
    position = path.find(f"{{{name}}}")
    return (position if position >= 0 else len(path), name)


def _resolved(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    reference = value.get("$ref")
    if not reference:
        return value
    found: dict[str, Any] = schema["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _kind(schema: dict[str, Any], value: dict[str, Any]) -> str:
    value = _resolved(schema, value)
    for choice in ("oneOf", "anyOf"):
        if choice in value:
            return " or ".join(dict.fromkeys(_kind(schema, each) for each in value[choice]))
    if "enum" in value:
        return " | ".join(map(str, value["enum"]))
    if value.get("type") == "array":
        return f"list of {_kind(schema, value.get('items', {}))}"
    kind = value.get("type", "any")
    return str(kind) if isinstance(kind, str) else " or ".join(kind)
