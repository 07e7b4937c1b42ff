"""A small server for a built client, with the headers that the real one sends, for tests and measurements in browsers.

    with serve(folder) as site:
        page.goto(site.url)

`site.extra` answers further paths, or replaces files: path -> (media type, content), or an HTTP status to refuse with.
`site.stalls` are paths at which some bytes of a longer answer arrive, and then nothing more.
`site.requests` lists the paths that were asked for.
"""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from picsafe_server.http import security_headers

POLICY = security_headers.content_security_policy([])
"""The Content-Security-Policy of the page where every server is on one origin."""

_ENCODINGS = (("zstd", ".zst"), ("br", ".br"), ("gzip", ".gz"))
_TYPES = {".wasm": "application/wasm", ".mjs": "text/javascript", ".js": "text/javascript"}


@dataclass
class Site:
    """A running server."""

    folder: Path
    url: str = ""
    policy: str | None = POLICY
    extra: dict[str, tuple[str, bytes] | int] = field(default_factory=dict)
    stalls: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(folder: Path, *, policy: str | None = POLICY) -> Iterator[Site]:
    """Serves `folder` on a free port of localhost; `policy` None for none."""
    site = Site(folder, policy=policy)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (_Handler,), {"site": site}))
    server.daemon_threads = True
    site.url = f"http://localhost:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.site.requests.append(path)
        given = self.site.extra.get(path)
        if path in self.site.stalls:
            self._stall(self.site.stalls[path])
        elif isinstance(given, int):
            self._answer(given, "text/plain; charset=utf-8", b"")
        elif given is not None:
            self._answer(200, *given)
        else:
            self._file("index.html" if path == "/" else path.lstrip("/"))

    def _file(self, name: str) -> None:
        folder = self.site.folder.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            self._answer(404, "text/plain; charset=utf-8", b"")
            return
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        accepted = {part.split(";")[0].strip() for part in self.headers.get("Accept-Encoding", "").split(",")}
        for encoding, suffix in _ENCODINGS:
            sibling = path.with_name(path.name + suffix)
            if encoding in accepted and sibling.is_file():
                self._answer(200, kind, sibling.read_bytes(), {"Content-Encoding": encoding})
                return
        self._answer(200, kind, path.read_bytes())

    def _answer(self, status: int, kind: str, content: bytes, more: dict[str, str] | None = None) -> None:
        lasting = self.path.startswith("/assets/") and status == 200
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if lasting else "no-cache")
        for name, value in (security_headers.ALWAYS | (more or {})).items():
            self.send_header(name, value)
        if self.site.policy is not None:
            policy = self.site.policy
            if self.path == "/worker.js":
                policy = security_headers.WORKER_POLICY
            elif lasting:
                policy = security_headers.policy_of_asset(self.path)
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(content)

    def _stall(self, beginning: bytes) -> None:
        if beginning:
            self.send_response(200)
            self.send_header("Content-Length", str(len(beginning) + 1000))
            self.end_headers()
            self.wfile.write(beginning)
        self.site.ended.wait()
        self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        pass
