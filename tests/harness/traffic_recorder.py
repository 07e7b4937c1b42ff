"""A wire between browser and server that records every byte which the browser puts on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wire:
    """Listens on `port` of this machine and hands everything on to `target`. `sent` has one entry for each connection."""

    port: int
    target: int
    sent: list[bytearray] = field(default_factory=list)

    def everything(self) -> bytes:
        """All that was sent so far, connection after connection."""
        return b"\n--- another connection ---\n".join(bytes(each) for each in list(self.sent))

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one of its ends closes it."""
        record = bytearray()
        self.sent.append(record)
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        ways = [asyncio.ensure_future(_hand_on(reader, forth, record)), asyncio.ensure_future(_hand_on(back, writer))]
        try:
            await asyncio.wait(ways)
        finally:
            for way in ways:
                way.cancel()
            for end in (forth, writer):
                end.close()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray | None = None) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            if record is not None:
                record += data
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@contextmanager
def laid(port: int, target: int) -> Iterator[Wire]:
    """A wire that works until the end of the block."""
    wire = Wire(port, target)
    loop = asyncio.new_event_loop()
    done = asyncio.Event()
    listening = threading.Event()

    async def work() -> None:
        server = await asyncio.start_server(wire.connect, "127.0.0.1", port)
        listening.set()
        await done.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),), daemon=True)
    thread.start()
    assert listening.wait(10)
    try:
        yield wire
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()
