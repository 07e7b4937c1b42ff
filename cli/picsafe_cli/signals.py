"""Runs a command until it ends or a signal stops it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from picsafe_cli.os_support import on_stop

T = TypeVar("T")


class Stopped(Exception):
    """Somebody asked for an end: Ctrl-C, or the system."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


def run(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. Raises `Stopped` when a signal ended it; it has cleaned up behind itself by then."""
    return asyncio.run(_until_stopped(work))


async def _until_stopped(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    received: list[int] = []

    def stop(number: int) -> None:
        received.append(number)
        task.cancel()

    put_back = on_stop(loop, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise Stopped(received[0]) from None
        raise
    finally:
        put_back()
