"""`/docs/api`: the HTTP interface for people, made from the OpenAPI description; plain HTML, no script, no other origin."""

from __future__ import annotations

from html import escape
from typing import Any

from litestar import MediaType, Request, Response, get

from picsafe_server.access import OPEN, only

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font-size:.9em}h2{margin-top:2.5rem}h3{margin:1.5rem 0 .25rem}"
    ".access{opacity:.75}table{border-collapse:collapse}td{padding:.1rem 1rem .1rem 0;vertical-align:top}"
)
_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"


@get("/docs/api", media_type=MediaType.HTML, include_in_schema=False, **only(OPEN))
async def api_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The page."""
    import base64
    import hashlib

    schema = request.app.openapi_schema.to_schema()
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return Response(
        render(schema), media_type=MediaType.HTML, headers={"Content-Security-Policy": _POLICY.format(digest=digest)}
    )


def render(schema: dict[str, Any]) -> str:
    """HTML of an OpenAPI description: a section a role, an entry a route with who may call it, parameters and answers."""
    by_tag: dict[str, list[str]] = {}
    for path, item in sorted(schema.get("paths", {}).items()):
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                tag = (operation.get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).append(_operation(path, method, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(entries)}" for tag, entries in sorted(by_tag.items()))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>PicSafe API</title><style>{_STYLE}</style><h1>PicSafe API</h1>"
        '<p>Every error is <code>application/problem+json</code>. The same as data: <a href="/schema/openapi.json">OpenAPI</a>.</p>'
        f"{sections}</html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter.get('in', ''))}"
        f"<td>{escape(parameter.get('description', ''))}"
        for parameter in operation.get("parameters", [])
        if isinstance(parameter, dict) and "name" in parameter
    )
    answers = ", ".join(escape(str(status)) for status in operation["responses"])
    return (
        f"<h3><code>{escape(method.upper())} {escape(path)}</code></h3><p>{escape(operation.get('summary') or '')}</p>"
        f"<p>{escape(operation.get('description') or '')}</p>{'<table>' + rows + '</table>' if rows else ''}"
        f'<p class="access">answers: {answers}</p>'
    )
