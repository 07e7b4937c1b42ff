"""Writes `docs/api.md` from the running application's own description: `python scripts/api_document.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from picsafe_server.api_description import Route, describe
from picsafe_server.app import create_app
from picsafe_server.settings import Settings

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "api.md"


_INTRODUCTION = """# The HTTP interface

Made by `python scripts/api_document.py` from the server itself; a test fails when it is out of date. A running server shows the same at
`/docs/api`, and as OpenAPI at `/schema/openapi.json`. How the routes work together is told in [integrate.md](integrate.md).

Every error is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`, a stable `code` and `advice`. Times are
RFC 3339 in UTC, sizes are bytes.
"""


def document() -> str:
    """The text of `docs/api.md`."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), roles=("users", "cloud", "keys"))
        sections = describe(create_app(settings))
    parts = [_INTRODUCTION]
    for title, routes in sections.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(route) for route in routes]
    return "".join(parts)


def _entry(route: Route) -> str:
    text = f" {route.text}" if route.text and route.text != route.summary else ""
    lines = [f"\n### `{route.method} {route.path}`\n\n{route.summary.rstrip('.')}.{text}\n\n"]
    lines.append(f"For {route.access}. Answers {', '.join(route.answers)}.\n")
    if route.fields:
        lines.append("\n| name | type | in | |\n|---|---|---|---|\n")
        for each in route.fields:
            kind = each.kind.replace("|", "\\|")
            lines.append(f"| `{each.name}` | {kind} | {each.place} | {'required' if each.required else ''} |\n")
    return "".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
