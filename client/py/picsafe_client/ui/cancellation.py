"""Work that "Cancel" stops at any point: between two requests, while decrypting, in the middle of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from picsafe_client.errors import Cancelled
from picsafe_client.ui import dom
from picsafe_client.ui.progress import ProgressIndicator

T = TypeVar("T")


async def cancellable(wait: ProgressIndicator, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. When the person cancels `wait`, `work` is cancelled and this raises `Cancelled`."""
    task = asyncio.ensure_future(work)

    def stop(_event: Any) -> None:
        task.cancel()

    off = dom.on(wait.signal, "abort", stop)
    if wait.cancelled:
        task.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        if not wait.cancelled:
            task.cancel()
            raise
        raise Cancelled from None
    finally:
        off()
