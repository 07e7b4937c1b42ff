"""Listens for the user server's events to learn of new reports at once; without them, polling continues."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpx

from picsafe_cli.api.client import Api
from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import PicSafeError

SILENCE_SECONDS = 60
"""The server says something every 15 seconds; a connection that is silent for so long is broken."""
BACKOFF = Backoff(first=2, longest=300)
"""Before a broken stream is opened again; a stream that brought an event begins with the first pause."""
NO_NEWS = ("removed", "alive")
"""Events that bring nothing to fetch."""
LINE_BYTES = 1024 * 1024
"""The longest line that is waited for. What the lines say does not matter here, only that something is new."""

_log = logging.getLogger("picsafe.sync")


class WakeSignal:
    """Whether there may be something new since it was last asked."""

    def __init__(self) -> None:
        self._there = asyncio.Event()

    def tell(self) -> None:
        """There may be."""
        self._there.set()

    async def wait(self, seconds: float) -> None:
        """Until there may be something new, `seconds` at the longest."""
        # Not `wait_for`: before Python 3.12 it swallows an end that comes at the same moment as the news.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._there.wait()
        self._there.clear()


@asynccontextmanager
async def listening(api: Api) -> AsyncIterator[WakeSignal]:
    """News while the block runs."""
    news = WakeSignal()
    listener = asyncio.create_task(_listen(api, news))
    try:
        yield news
    finally:
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener


async def _listen(api: Api, news: WakeSignal) -> None:
    failures = 0
    while True:
        try:
            async with api.stream(
                "GET",
                f"{api.users_url}/v1/events",
                api.token,
                headers={"Accept": "text/event-stream"},
                read_timeout=SILENCE_SECONDS,
            ) as response:
                _log.info("listening for new reports")
                news.tell()  # of what came while nobody listened
                async with aclosing(_events(response)) as names:
                    async for name in names:
                        failures = 0
                        if name not in NO_NEWS:
                            news.tell()
        except PicSafeError as error:  # the polling meets it as well, and decides
            _log.debug("no events: %s", error)
        failures += 1
        await asyncio.sleep(BACKOFF.pause(failures))


async def _events(response: httpx.Response) -> AsyncGenerator[str, None]:
    """The names of the events of a stream (WHATWG HTML, section 9.2), as they come."""
    line = bytearray()
    async for piece in response.aiter_raw():
        for part in piece.splitlines(keepends=True):
            line += part
            if line.endswith((b"\n", b"\r")):
                if line.startswith(b"event:"):
                    yield line[6:].strip().decode("utf-8", "replace")
                line.clear()
        if len(line) > LINE_BYTES:
            return
