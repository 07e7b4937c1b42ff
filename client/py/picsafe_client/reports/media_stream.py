"""The data source of a video or sound player: fetches and decrypts any range of a medium on request.

A player reads forward, jumps, and reads on from there; often it reads at two places in turn (the pictures and the index
of an MP4). So each place has a lane: one request that delivers what follows, larger ones the longer nothing jumps.
Pieces begin small, so that playing begins soon on a slow line, and grow. The last few are kept: browsers drop a request
when they have enough, with what was already on its way to them, and ask for that again. This module runs in CPython
too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, Generic, TypeVar

from picsafe_client.reports.open_report import OpenReport
from picsafe_protocol.contracts.errors import Gone
from picsafe_protocol.contracts.limits import KIB, MIB
from picsafe_protocol.crypto.chunked import CHUNK
from picsafe_protocol.format.files import FileEntry

__all__ = ["FIRST_PIECE", "FIRST_WINDOW", "IDLE", "KEPT", "LARGEST_PIECE", "LARGEST_WINDOW", "MAX_READERS", "Playback"]

FIRST_PIECE: Final = 64 * KIB
LARGEST_PIECE: Final = 1 * MIB
"""Bytes that the player gets at a time: it can use none of a piece before all of it is here and authenticated."""
FIRST_WINDOW: Final = 512 * KIB
LARGEST_WINDOW: Final = 8 * MIB
"""Bytes that one request asks the cloud for. What has been asked for and is jumped away from is wasted."""
MAX_READERS: Final = 2
"""Places that are read at in turn. The one that was not used for longest makes way for another."""
KEPT: Final = 2 * MIB
"""Decrypted bytes that are kept for a player that asks again."""
IDLE: Final = 20.0
"""Seconds without a read, the player being paused or full, after which requests under way are ended."""

B = TypeVar("B")


class Playback(Generic[B]):
    """The reads of one player. `failed` gets the reason when no more can be read: the report is false, or the cloud
    refuses.
    """

    def __init__(self, opened: OpenReport[B], file: FileEntry, failed: Callable[[Exception], None]) -> None:
        self._opened = opened
        self._file = file
        self._failed = failed
        self._lanes: list[_Lane] = []  # the one that was used last at the end
        self._kept: list[tuple[int, B]] = []  # pieces with their first bytes; the oldest goes first
        self._reads: set[asyncio.Task[B]] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False
        self.was_read = False
        """Whether any player has ever read: if not, nothing stands between it and this."""

    async def read(self, start: int, stop: int) -> B:
        """Bytes of the medium from `start` on, at least one, at most up to `stop`. Raises `Gone` once it is closed."""
        if self._closed:
            raise Gone
        self.was_read = True
        self._schedule_idle_close(None)
        task = asyncio.ensure_future(self._read(start, stop))
        self._reads.add(task)
        try:
            return await task
        except Exception as error:
            if not self._closed:
                self._failed(error)
            raise
        finally:
            self._reads.discard(task)
            if not self._reads and not self._closed:
                self._schedule_idle_close(IDLE)

    def close(self) -> None:
        """Nothing more is read; what is on its way is stopped."""
        self._closed = True
        self._schedule_idle_close(None)
        for task in self._reads:
            task.cancel()
        self._end_lanes()

    async def _read(self, start: int, stop: int) -> B:
        if not 0 <= start < stop <= self._file.size:
            raise ValueError(f"bytes {start} to {stop} are not within a medium of {self._file.size}")
        for lane in list(self._lanes):
            if lane.busy and lane.position == start:  # for a request that the browser has dropped meanwhile
                await lane.free.wait()
        kept = self._kept_from(start, stop)
        return await self._fetched(start, stop) if kept is None else kept

    def _kept_from(self, start: int, stop: int) -> B | None:
        buffers = self._opened.buffers
        for at, piece in reversed(self._kept):
            end = at + buffers.length(piece)
            if at <= start < end:
                return buffers.part(piece, start - at, min(stop, end) - at)
        return None

    def _keep(self, start: int, piece: B) -> None:
        length = self._opened.buffers.length
        self._kept.append((start, piece))
        while sum(length(each) for _, each in self._kept) > KEPT:
            del self._kept[0]

    async def _fetched(self, start: int, stop: int) -> B:
        lane = self._lane_at(start)
        lane.free.clear()
        try:
            if start == lane.window_stop:
                self._open_window(lane)
            end = self._end_of(start, min(start + lane.piece, lane.window_stop))
            piece = await self._opened.read_range(self._file, start, min(end, stop))
        except BaseException:
            self._end(lane)
            raise
        finally:
            lane.free.set()
        lane.position = min(end, stop)
        lane.piece = min(lane.piece * 2, LARGEST_PIECE)
        if not self._closed:
            self._keep(start, piece)
        return piece

    def _lane_at(self, start: int) -> _Lane:
        lane = next((lane for lane in self._lanes if lane.position == start and not lane.busy), None)
        if lane is None:
            for old in [lane for lane in self._lanes if not lane.busy][: max(len(self._lanes) - MAX_READERS + 1, 0)]:
                self._end(old)
            lane = _Lane(start)
        else:
            self._lanes.remove(lane)
        self._lanes.append(lane)
        return lane

    def _open_window(self, lane: _Lane) -> None:
        lane.request.close()
        lane.window_stop = self._end_of(lane.position, lane.position + lane.window)
        lane.window = min(lane.window * 2, LARGEST_WINDOW)
        lane.request.enter_context(self._opened.prefetch(self._file, lane.position, lane.window_stop))

    def _end_of(self, start: int, stop: int) -> int:
        """About `stop`, where a chunk ends, and beyond `start`."""
        return self._opened.whole_chunks(self._file, max(stop, start + CHUNK))

    def _end(self, lane: _Lane) -> None:
        lane.request.close()
        if lane in self._lanes:
            self._lanes.remove(lane)

    def _end_lanes(self) -> None:
        self._kept.clear()
        for lane in list(self._lanes):
            self._end(lane)

    def _schedule_idle_close(self, seconds: float | None) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = None
        if seconds is not None:
            self._idle = asyncio.get_running_loop().call_later(seconds, self._end_lanes)


class _Lane:
    """A place at which a player reads on: `position` is its next byte, `request` what was asked of the cloud up to
    `window_stop`.
    """

    def __init__(self, start: int) -> None:
        self.position = start
        self.window_stop = start
        self.window = FIRST_WINDOW
        self.piece = FIRST_PIECE
        self.request = ExitStack()
        self.free = asyncio.Event()
        self.free.set()

    @property
    def busy(self) -> bool:
        """Whether its next piece is on its way."""
        return not self.free.is_set()
