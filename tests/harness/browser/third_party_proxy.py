"""The rest of the network, as a browser under test sees it: a proxy through which every request to another origin would go.

It writes down who is asked and answers nothing of use. Requests to this machine's own address do not pass through it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BROWSERS_OWN = (".googleapis.com:443", ".google.com:443", ".gstatic.com:443")
"""The servers that Chromium itself contacts for forms and updates, on any page; requests of a page to them are recorded, too."""


@dataclass
class Elsewhere:
    """`asked` are the addresses that a browser has tried to reach."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Listens until the end of the block."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_words: object) -> None:
            pass

    def answer(request: BaseHTTPRequestHandler) -> None:
        if not request.path.endswith(BROWSERS_OWN):
            asked.append(request.path)
        request.send_response(200)
        request.send_header("Access-Control-Allow-Origin", "*")
        request.send_header("Content-Length", "0")
        request.end_headers()

    for method in ("GET", "POST", "HEAD", "CONNECT", "OPTIONS"):
        setattr(Handler, f"do_{method}", answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Elsewhere(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
