"""The HTTP interface as a list of routes, from which the page `/docs/api` and the document `docs/api.md` are generated.

Texts come from the handlers' summaries and docstrings, fields from their types, and access from their declarations, so
nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_server.http.guards import by_status

TITLES = {"users": "User server", "cloud": "Cloud", "keys": "Key server", "process": "Every process"}


@dataclass(frozen=True)
class Field:
    """A parameter or a field of a body: `kind` is its type in a word or two, `place` where it stands."""

    name: str
    kind: str
    place: str
    required: bool


@dataclass(frozen=True)
class Shape:
    """A kind of object that others hold, by the name under which they do."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Refusal:
    """An error status of a route, with its possible codes."""

    status: int
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """One method of one address. `access` says who may call it; `fields` is what it takes, `answer` what it gives."""

    method: str
    path: str
    summary: str
    text: str
    access: str
    fields: tuple[Field, ...]
    answers: tuple[str, ...]
    answer_kind: str
    """In a word, where the answer is not an object with fields: `nothing`, a list of something, or a media type."""
    answer: tuple[Field, ...]
    refusals: tuple[Refusal, ...]


def describe(app: Litestar) -> dict[str, list[Route]]:
    """Every documented route by role, in the order of paths."""
    schema = app.openapi_schema.to_schema()
    handlers = _handlers(app)
    sections: dict[str, list[Route]] = {tag: [] for tag in TITLES}
    for path, item in sorted(schema.get("paths", {}).items()):
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                tag = (operation.get("tags") or ["process"])[0]
                route = _route(schema, path, method.upper(), operation, handlers.get((path, method.upper()), {}))
                sections.setdefault(tag, []).append(route)
    return {TITLES.get(tag, tag): routes for tag, routes in sections.items() if routes}


def object_schemas(app: Litestar) -> list[Shape]:
    """The objects nested in responses and bodies, by name."""
    schema = app.openapi_schema.to_schema()
    components = schema["components"]["schemas"]
    held: set[str] = set()
    for each in components.values():
        for value in each.get("properties", {}).values():
            held |= {name for name in _references(value) if "properties" in components[name]}
    return [Shape(name, _fields(schema, components[name], "")) for name in sorted(held)]


def refusals(problems: Iterable[type[PicSafeError]]) -> tuple[Refusal, ...]:
    """The problems that a route declares, by status."""
    return tuple(Refusal(status, tuple(each.code for each in found)) for status, found in by_status(problems).items())


def _handlers(app: Litestar) -> dict[tuple[str, str], dict[str, Any]]:
    """The declarations of each route, by path and method."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    found[(route.path_format, str(method))] = dict(handler.opt)
    return found


def _route(
    schema: dict[str, Any], path: str, method: str, operation: dict[str, Any], declared: dict[str, Any]
) -> Route:
    fields = [
        Field(item["name"], _kind(schema, item.get("schema", {})), item.get("in", ""), bool(item.get("required")))
        for item in sorted(operation.get("parameters", []), key=lambda item: _place(path, item))
        if "name" in item
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        body = _resolved(schema, content.get("schema", {}))
        fields += _fields(schema, body, "body")
    problems = declared.get("problems", ())
    refused = {str(each.status) for each in problems}
    kind, answer = _answer(schema, operation, refused)
    return Route(
        method,
        path,
        operation.get("summary") or "",
        " ".join((operation.get("description") or "").split()),
        str(declared.get("access_meaning", "")),
        tuple(fields),
        tuple(sorted(set(operation["responses"]) - refused)),
        kind,
        answer,
        refusals(problems),
    )


def _answer(schema: dict[str, Any], operation: dict[str, Any], refused: set[str]) -> tuple[str, tuple[Field, ...]]:
    """The successful response of a route: its kind in a word, or the fields of the object."""
    for status, response in sorted(operation["responses"].items()):
        if status not in refused:
            for media_type, content in response.get("content", {}).items():
                value = _resolved(schema, content.get("schema", {}))
                if "properties" in value:
                    return "", _fields(schema, value, "answer")
                if media_type != "application/json":
                    return media_type, ()
                if value.get("type") not in {None, "null"}:
                    return _kind(schema, value), ()
    return "nothing", ()


def _fields(schema: dict[str, Any], value: dict[str, Any], place: str) -> tuple[Field, ...]:
    required = set(value.get("required", []))
    return tuple(
        Field(name, _kind(schema, each), place, name in required) for name, each in value.get("properties", {}).items()
    )


def _references(value: Any) -> set[str]:
    """The names of all schemas that `value` refers to."""
    if isinstance(value, list):
        return {name for each in value for name in _references(each)}
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"].rpartition("/")[2]} if "$ref" in value else set()
    return own | {name for each in value.values() for name in _references(each)}


def _place(path: str, parameter: dict[str, Any]) -> tuple[int, str]:
    """Path parameters as they follow in the path, then the others by name: the framework hands them out in any
    order.
    """
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
    name = str(value.get("$ref", "")).rpartition("/")[2]
    value = _resolved(schema, value)
    if name and "properties" in value:
        return name
    for choice in ("oneOf", "anyOf"):
        if choice in value:
            return " or ".join(dict.fromkeys(_kind(schema, each) for each in value[choice]))
    if "enum" in value:
        return " | ".join("null" if each is None else str(each) for each in value["enum"])
    if value.get("type") == "array":
        return f"list of {_kind(schema, value.get('items', {}))}"
    inner = value.get("additionalProperties")
    if isinstance(inner, dict) and inner:
        return f"object of {_kind(schema, inner)} by name"
    kind = value.get("type", "any")
    return str(kind) if isinstance(kind, str) else " or ".join(kind)
