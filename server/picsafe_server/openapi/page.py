"""`/docs/api`: the HTTP interface for people; plain HTML, no script, no other origin."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from litestar import MediaType, Request, Response, get
from litestar.openapi.plugins import JsonRenderPlugin

from picsafe_server.http.guards import PUBLIC, route_access
from picsafe_server.openapi.description import Field, Refusal, Route, Shape, describe, object_schemas

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font-size:.9em}h2{margin-top:3rem}h3{margin:2rem 0 .25rem;font-weight:600}p{margin:.25rem 0}"
    ".small{opacity:.8;font-size:.9em}td{padding:.1rem 1.5rem .1rem 0;vertical-align:top}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'"


@get("/docs/api", media_type=MediaType.HTML, include_in_schema=False, **route_access(PUBLIC))
async def api_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The page."""
    page = request.app.state.get("api_page")
    if page is None:  # made once: it costs a quarter of a second, and anybody may ask
        page = request.app.state["api_page"] = render(describe(request.app), object_schemas(request.app))
    return Response(page, media_type=MediaType.HTML, headers={"Content-Security-Policy": _POLICY})


def render(sections: Mapping[str, Sequence[Route]], objects: Sequence[Shape]) -> str:
    """HTML of the routes, and of the objects within what they answer."""
    content = "".join(f"<h2>{escape(title)}</h2>{''.join(map(_entry, routes))}" for title, routes in sections.items())
    content += "<h2>Objects within responses</h2>"
    content += "".join(f"<h3><code>{escape(shape.name)}</code></h3>{_table(shape.fields)}" for shape in objects)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>PicSafe API</title><style>{_STYLE}</style></head><body><main><h1>PicSafe API</h1>"
        "<p>Every error is <code>application/problem+json</code> with a stable <code>code</code>. "
        'The same as data: <a href="/schema/openapi.json">OpenAPI</a>.</p>'
        f"{content}</main></body></html>"
    )


def _entry(route: Route) -> str:
    text = f"<p>{escape(route.text)}</p>" if route.text and route.text != route.summary else ""
    kind = f": {escape(route.answer_kind)}" if route.answer_kind else ""
    refused = f" Refuses with {'; '.join(map(_refusal, route.refusals))}." if route.refusals else ""
    return (
        f"<h3><code>{route.method} {escape(route.path)}</code></h3><p>{escape(route.summary)}</p>{text}"
        f'<p class="small">For {escape(route.access)}. Answers {escape(", ".join(route.answers))}{kind}.{refused}</p>'
        f"{_table(route.fields)}{'<p>Answer:</p>' if route.answer else ''}{_table(route.answer)}"
    )


def _refusal(refusal: Refusal) -> str:
    return f"{refusal.status} " + ", ".join(f"<code>{escape(code)}</code>" for code in refusal.codes)


def _table(fields: Sequence[Field]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each.name)}</code></td><td>{escape(each.kind)}</td><td>{escape(each.place)}</td>"
        f"<td>{_presence(each)}</td></tr>"
        for each in fields
    )
    return f"<table>{rows}</table>" if rows else ""


def _presence(field: Field) -> str:
    if field.place in {"answer", ""}:
        return "" if field.required else "may be absent"
    return "required" if field.required else ""


class OpenApiOnce(JsonRenderPlugin):
    """The OpenAPI document as JSON, written once: it costs tens of milliseconds, and anybody may ask."""

    _document: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self._document is None:
            self._document = super().render(request, openapi_schema)
        return self._document
