"""Applications that run in the process of a test.

Making the routes of all roles takes longer than most tests do. They are made once for each set of roles; each test gets
new roles for them, with databases, keys, caches and counts of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from litestar import Litestar

from picsafe_server.app import app_parts, create_app
from picsafe_server.runtime.clock import Clock
from picsafe_server.settings import Settings

_idle: defaultdict[object, list[Litestar]] = defaultdict(list)
"""Applications whose test is over, by what their routes depend on."""


@asynccontextmanager
async def running_app(
    settings: Settings, clock: Clock, network: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Litestar]:
    """The application of `settings`, started. Without `network` it reaches servers without TLS only."""
    assert "client" not in settings.roles, "the client's files are part of the routes"
    network = network or httpx.AsyncHTTPTransport(verify=False)
    idle = _idle[settings.roles, settings.public_url, settings.client_origins]
    if idle:
        app = idle.pop()
        _, transport, state = app_parts(settings, clock, network)
        transport.app = app
        app.state.update(state)
    else:
        app = create_app(settings, clock, network)
    async with app.lifespan():
        yield app
    idle.append(app)
