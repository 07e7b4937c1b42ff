"""Serves the built client: `/` and `/worker.js` with their policies, `/assets/…` as immutable, in an encoding the
browser accepts.
"""

from __future__ import annotations

import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import File, Redirect

from picsafe_server.http import security_headers
from picsafe_server.http.guards import PUBLIC, route_access
from picsafe_server.runtime.addresses import LOOPBACK_HOSTS, origin_of
from picsafe_server.settings import Settings

_FOREVER = "public, max-age=31536000, immutable"
_ENCODINGS = (("zstd", ".zst"), ("br", ".br"), ("gzip", ".gz"))
_TYPES = {".wasm": "application/wasm", ".mjs": "text/javascript", ".js": "text/javascript", ".whl": "application/zip"}

MOVED = "moved"
"""Query parameter of a redirect to the public URL. A request that has it is not redirected again."""

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class _Variant:
    path: Path
    encoding: str | None


class ClientFiles:
    """The files in the manifest of a build. No other file is served."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        manifest = folder / "manifest.json"
        if not manifest.is_file():
            raise FileNotFoundError(
                f"there is no built client in {folder}: run build.py first, or leave `client` out of PICSAFE_ROLES"
            )
        self._names = frozenset(json.loads(manifest.read_text("utf-8")))
        clouds = (settings.cloud_base(region) for region in settings.regions)
        servers = [
            *clouds,
            settings.users_base,
            settings.keys_base,
            *settings.allowed_key_servers,
            *settings.cloud_urls.values(),
        ]
        self._policy = security_headers.content_security_policy(
            origin for origin in map(origin_of, servers) if origin != settings.origin
        )

    def router(self) -> Router:
        """Routes of the client role."""

        @get(["/", "/index.html"], include_in_schema=False, **route_access(PUBLIC))
        async def index(request: AnyRequest) -> Response[Any]:
            if self._is_other_loopback_name(request):
                return Redirect(f"{self._settings.public_url}/?{MOVED}")
            response = self._file(request, "index.html")
            response.headers["Content-Security-Policy"] = self._policy
            response.headers["Cache-Control"] = "no-cache"
            return response

        @get("/worker.js", include_in_schema=False, **route_access(PUBLIC))
        async def worker(request: AnyRequest) -> Response[Any]:
            response = self._file(request, "worker.js")
            response.headers["Content-Security-Policy"] = security_headers.WORKER_POLICY
            response.headers["Cache-Control"] = "no-cache"
            return response

        @get("/manifest.json", include_in_schema=False, **route_access(PUBLIC))
        async def manifest(request: AnyRequest) -> Response[Any]:
            response = File(
                self._folder / "manifest.json", media_type="application/json", content_disposition_type="inline"
            )
            response.headers["Cache-Control"] = "no-cache"
            return response

        @get("/assets/{name:path}", include_in_schema=False, **route_access(PUBLIC))
        async def asset(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
            path = "assets/" + name.lstrip("/")
            response = self._file(request, path)
            response.headers["Content-Security-Policy"] = security_headers.policy_of_asset(path)
            response.headers["Cache-Control"] = _FOREVER
            return response

        return Router("/", route_handlers=[index, worker, manifest, asset])

    def _is_other_loopback_name(self, request: AnyRequest) -> bool:
        """Whether somebody typed a loopback name other than that of the public URL.

        There the page would be of another origin than its own servers. A reverse proxy that does not pass on the Host
        header looks the same except for scheme and port, and would send the browser back here; the mark in the query
        ends that loop.
        """
        asked, public = urlsplit(str(request.url)), urlsplit(self._settings.public_url)
        return (
            asked.hostname in LOOPBACK_HOSTS
            and asked.hostname != public.hostname
            and (asked.scheme, _port(asked)) == (public.scheme, _port(public))
            and MOVED not in request.query_params
        )

    def _file(self, request: AnyRequest, name: str) -> File:
        if name not in self._names:
            raise NotFoundException
        variant = self._variant(request, name)
        kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        response = File(variant.path, media_type=kind, content_disposition_type="inline")
        response.headers["Vary"] = "Accept-Encoding"
        if variant.encoding:
            response.headers["Content-Encoding"] = variant.encoding
        return response

    def _variant(self, request: AnyRequest, name: str) -> _Variant:
        accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
        for encoding, suffix in _ENCODINGS:
            path = self._folder / (name + suffix)
            if encoding in accepted and path.is_file():
                return _Variant(path, encoding)
        return _Variant(self._folder / name, None)


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
