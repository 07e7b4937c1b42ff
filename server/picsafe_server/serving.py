"""Running the application behind a real socket."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from litestar import Litestar

from picsafe_server.settings import Settings

GRACE_SECONDS = 20
"""How long requests under way may take once the process has been asked to stop: an upload's part on a slow line."""


@dataclass(frozen=True)
class Certificate:
    """Files of a TLS certificate and its private key, in PEM."""

    chain: Path
    key: Path


class Server(uvicorn.Server):
    """uvicorn, which tells the roles that it stops before it waits for their connections: a live inbox never ends by itself."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for role in self._app.state.roles.values():
            role.closing()
        await super().shutdown(sockets)


def make_server(
    app: Litestar, settings: Settings, host: str, port: int, certificate: Certificate | None = None
) -> Server:
    """A server of `app`; `await server.serve()` runs it until a signal comes or `should_exit` is set."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # addresses hold what people search for
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=str(certificate.chain) if certificate else None,
        ssl_keyfile=str(certificate.key) if certificate else None,
    )
    return Server(config, app)
