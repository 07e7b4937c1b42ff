"""What the sender can do to work that is under way: pause it, resume it, stop it for good."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any, Final

from picsafe_client.errors import Cancelled

REQUEST_TIMEOUT_SECONDS: Final = 600
"""A request without an answer for so long is made again: a part of 8 MiB takes nine minutes at 128 kbit/s."""


class SendControl:
    """Shared by one job and the work that it does; after `stop` everything that waits here raises `Cancelled`."""

    def __init__(self) -> None:
        import js

        self._abort = js.AbortController.new()
        self._attempt: Any = None
        self._running = asyncio.Event()
        self._running.set()
        self._wakeup = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether it has been stopped for good."""
        return self._stopped.is_set()

    def pause(self) -> None:
        """Aborts the attempt that is under way; `ready` waits until `resume`."""
        self._running.clear()
        if self._attempt is not None:
            self._attempt.abort()

    def resume(self) -> None:
        """Continues, at once even when it was waiting for the network."""
        self._running.set()
        self.wake()

    def wake(self) -> None:
        """Ends a pause between two attempts: the network is back."""
        self._wakeup.set()

    def stop(self) -> None:
        """Aborts everything for good."""
        self._stopped.set()
        self._abort.abort()
        self.resume()

    def check(self) -> None:
        """Raises `Cancelled` when it has been stopped."""
        if self.is_stopped:
            raise Cancelled

    async def ready(self) -> None:
        """Waits as long as it is paused. Raises `Cancelled` when it has been stopped."""
        while not self._running.is_set():
            await self._running.wait()
        self.check()

    async def rest(self, seconds: float) -> None:
        """A pause between two attempts, which `resume` and `wake` shorten. Raises `Cancelled` when it is stopped."""
        self.check()
        self._wakeup.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wakeup.wait(), seconds)
        self.check()

    async def unless_stopped(self, work: Awaitable[None]) -> None:
        """Waits for `work`; raises what it raises, and `Cancelled` as soon as it is stopped."""
        waiting = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({waiting, stop}, return_when=asyncio.FIRST_COMPLETED)
            self.check()
            await waiting
        finally:
            waiting.cancel()
            stop.cancel()

    def attempt_signal(self) -> Any:
        """A signal for one request: aborts when it is stopped or paused, and when no answer comes."""
        import js
        from pyodide.ffi import to_js

        self._attempt = js.AbortController.new()
        deadline = js.AbortSignal.timeout(REQUEST_TIMEOUT_SECONDS * 1000)
        return js.AbortSignal.any(to_js([self._abort.signal, self._attempt.signal, deadline]))
