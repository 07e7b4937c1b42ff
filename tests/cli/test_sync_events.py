"""What wakes the command, and that being told to end is never overheard."""

from __future__ import annotations

import asyncio

import pytest

from picsafe_cli.api.event_stream import WakeSignal

pytestmark = pytest.mark.anyio


async def test_an_end_at_the_moment_of_news_is_heard() -> None:
    """Whatever the order in which the loop learns of the two."""
    tried = 0
    for turns in range(10):
        news = WakeSignal()
        waiting = asyncio.create_task(news.wait(60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        news.tell()
        for _ in range(turns):
            await asyncio.sleep(0)
        if waiting.done():
            break
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        tried += 1
    assert tried
    assert waiting.done()
