"""Generates `docs/api.md` from the application's own description: `python scripts/api_document.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from picsafe_protocol.contracts.errors import BY_CODE
from picsafe_server.app import create_app
from picsafe_server.openapi.description import Field, Refusal, Route, describe, object_schemas
from picsafe_server.settings import Settings

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "api.md"


_INTRODUCTION = """# The HTTP interface

Generated from the server by `python scripts/api_document.py`; a test fails when it is out of date. A running server shows the same
at `/docs/api`, and as OpenAPI at `/schema/openapi.json`. [integrate.md](integrate.md) explains how the routes work together.

Every error is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`, a stable `code` and `advice`. Times
are RFC 3339 in UTC, sizes are bytes, binary values in JSON are base64url without padding. Some codes have further fields, such as
`field` or `retry_after`. A route returns only the error codes listed with it. In addition, any route may return 413
`limit_exceeded` for a body that is too large, 429 behind a proxy that limits requests, 408 `request_timed_out` when a body takes
too long to arrive, 503 while the server is down, and 507 `storage_full` when its disk is full. Accept fields that you do not know.
Every GET route also takes HEAD: the same status and headers, without a body; HEAD ignores `Range`.
"""


def document() -> str:
    """The text of `docs/api.md`."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), roles=("users", "cloud", "keys"))
        app = create_app(settings)
        sections, objects = describe(app), object_schemas(app)
    parts = [_INTRODUCTION]
    for title, routes in sections.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(route) for route in routes]
    parts.append("\n## Objects within responses\n")
    parts += [f"\n### `{shape.name}`\n" + _table(shape.fields, "there") for shape in objects]
    parts.append("\n## Codes\n\n| code | status | meaning |\n|---|---|---|\n")
    for kind in sorted(BY_CODE.values(), key=lambda each: (each.status, each.code)):
        parts.append(f"| `{kind.code}` | {kind.status} | {kind.title}. |\n")
    return "".join(parts)


def _entry(route: Route) -> str:
    text = f" {route.text}" if route.text and route.text != route.summary else ""
    lines = [f"\n### `{route.method} {route.path}`\n\n{route.summary.rstrip('.')}.{text}\n\n"]
    kind = f": {route.answer_kind}" if route.answer_kind else ""
    lines.append(f"For {route.access}. Answers {', '.join(route.answers)}{kind}.\n")
    if route.refusals:
        lines.append(f"Refuses with {'; '.join(f'{each.status} {_codes(each)}' for each in route.refusals)}.\n")
    if route.fields:
        lines.append("\n| takes | type | in | |\n|---|---|---|---|\n")
        for each in route.fields:
            required = "required" if each.required else ""
            lines.append(f"| `{each.name}` | {_escaped(each.kind)} | {each.place} | {required} |\n")
    if route.answer:
        lines.append(_table(route.answer, "answers"))
    return "".join(lines)


def _codes(refusal: Refusal) -> str:
    return ", ".join(f"`{code}`" for code in refusal.codes)


def _table(fields: tuple[Field, ...], heading: str) -> str:
    rows = [
        f"| `{each.name}` | {_escaped(each.kind)}{'' if each.required else ', may be absent'} |\n" for each in fields
    ]
    return f"\n| {heading} | type |\n|---|---|\n" + "".join(rows)


def _escaped(kind: str) -> str:
    return kind.replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
