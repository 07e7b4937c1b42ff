"""The way of a profile's requests: a proxy that tells of them, holds them for the test, and can be cut.

It runs in a thread of its own beside GTK. Each request has a connection of its own, so its end is the connection's.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

NUMBERS = itertools.count(1)
PIECE = 1 << 16
HOP_BY_HOP = ("connection", "proxy-connection", "keep-alive")


@dataclass
class Head:
    """The first line and the headers of a request or an answer."""

    first: list[str]
    headers: list[tuple[str, str]]

    def wire(self, *first: str) -> bytes:
        """As it is sent on, for one message alone."""
        kept = [(name, value) for name, value in self.headers if name.lower() not in HOP_BY_HOP]
        lines = [" ".join(first or self.first), *(f"{name}: {value}" for name, value in kept), "Connection: close"]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def get(self, name: str) -> str:
        """The value of a header; empty when it is not there."""
        return next((value for each, value in self.headers if each.lower() == name), "")


@dataclass
class Request:
    """A request on its way. `verdict` is what the test decides about one that it holds."""

    head: Head
    id: str = field(default_factory=lambda: f"request-{next(NUMBERS)}")
    verdict: asyncio.Future[Verdict] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def url(self) -> str:
        """Its whole address."""
        return self.head.first[1]


@dataclass(frozen=True)
class Verdict:
    """What is to become of a held request: it goes on, fails, or is answered with these bytes."""

    fails: bool = False
    answer: bytes | None = None


class Refusal(Exception):
    """A request that is not answered."""


@dataclass
class Hearer:
    """Whom the proxy tells, from its own thread. `holds` says whether the test decides about the next request."""

    holds: Callable[[], bool]
    begun: Callable[[Request, bool], None]
    answered: Callable[[Request, int, str, list[tuple[str, str]]], None]
    completed: Callable[[Request, int], None]
    failed: Callable[[Request, str], None]


class Proxy:
    """A proxy on a free port of this machine, for one profile."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hearer: Hearer) -> None:
        self.offline = False
        self._loop = loop
        self._hearer = hearer
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    def set_offline(self, offline: bool) -> None:
        """Cuts the way, also for requests that are under way, or mends it."""
        self.offline = offline
        if offline:
            self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        """Ends it, and what is under way."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._cut)

    def decide(self, request: Request, verdict: Verdict) -> None:
        """Lets a held request go its way."""

        def now() -> None:
            if not request.verdict.done():
                request.verdict.set_result(verdict)

        self._loop.call_soon_threadsafe(now)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = await _read_head(reader)
            if head is None or self.offline:
                writer.transport.abort()
                return
            await self._answer(Request(head), reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held = self._hearer.holds()
        self._hearer.begun(request, held)
        try:
            verdict = await request.verdict if held else Verdict()
            if verdict.fails:
                writer.transport.abort()
                self._hearer.failed(request, "the test refused it")
            elif verdict.answer is None:
                await self._fetch(request, reader, writer)
            else:
                writer.write(verdict.answer)
                await writer.drain()
                self._hearer.answered(request, 200, "", [])
                self._hearer.completed(request, len(verdict.answer))
        except (OSError, Refusal, asyncio.IncompleteReadError) as trouble:
            writer.transport.abort()
            self._hearer.failed(request, repr(trouble))

    async def _fetch(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(request.url)
        back, forth = await asyncio.open_connection(address.hostname, address.port or 80)
        self._writers.add(forth)
        path = address.path + (f"?{address.query}" if address.query else "")
        forth.write(request.head.wire(request.head.first[0], path or "/", "HTTP/1.1"))
        sending = asyncio.ensure_future(_pass_on(reader, forth))
        try:
            head = await _read_head(back)
            if head is None:
                raise Refusal("the server closed the connection")
            self._hearer.answered(request, int(head.first[1]), " ".join(head.first[2:]), head.headers)
            writer.write(head.wire())
            size = await _pass_on(back, writer)
            expected = head.get("content-length")
            if expected and size < int(expected) and request.head.first[0] != "HEAD" and head.first[1] != "304":
                raise Refusal("the answer broke off")
            self._hearer.completed(request, size)
        finally:
            sending.cancel()
            with suppress(OSError, asyncio.CancelledError):
                await sending
            self._writers.discard(forth)
            forth.close()


async def _read_head(reader: asyncio.StreamReader) -> Head | None:
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (OSError, asyncio.IncompleteReadError):
        return None
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)]
    return Head(lines[0].split(" "), headers)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    size = 0
    while data := await reader.read(PIECE):
        size += len(data)
        writer.write(data)
        await writer.drain()
    return size


def begun_loop() -> asyncio.AbstractEventLoop:
    """A loop that runs in a thread of its own for as long as the program does."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def answer(status: int, reason: str, headers: list[Any], body: bytes) -> bytes:
    """A whole answer, from the headers of `network.provideResponse`."""
    pairs = [(each["name"], each["value"]["value"]) for each in headers if each["name"].lower() != "content-length"]
    head = Head(["HTTP/1.1", str(status), reason], [*pairs, ("Content-Length", str(len(body)))])
    return head.wire() + body
