"""Sources of a package's bytes in a browser: a file on this computer, or a cloud. Both are `open_report.PackageSource`.

Bytes are `Uint8Array`s that Python passes along. Nothing here decides whether they are to be believed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from picsafe_client.api.client import Api
from picsafe_client.errors import Cancelled
from picsafe_client.i18n.error_messages import localized_error
from picsafe_client.reports.range_reader import Arrived, Body
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import SignedGrant
from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import InternalError, NotAsSent, NotFound, TokenRefused, Unreachable
from picsafe_protocol.contracts.tokens import Action

RENEW_BEFORE: Final = timedelta(seconds=30)
"""A grant is renewed so long before it ends: a request takes time to arrive."""

FIRST_TRIES: Final = 4
"""So often is a cloud asked that has never answered yet; about seven seconds."""
REQUEST_TIMEOUT_SECONDS: Final = 600
"""Until the answer to a request for bytes begins: some proxies read all of it before they pass on its first byte."""
SILENT_SECONDS: Final = 60
"""Between two pieces of an answer that has begun. Then its connection is taken for dead, and the rest is asked for
again.
"""
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15})")
_DIGITS: Final = re.compile(r"[0-9]{1,15}")

BACKOFF: Final = Backoff(first=0.5, longest=10)
"""Seconds between tries to go on with a download; the browser's "online" ends a pause at once."""


class DiskSource:
    """A file that the person chose or dropped. Nothing of it leaves this computer."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest: str | None = None
        """That of the package, once every byte has been compared with it: see `from_disk.cover_file`."""

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return int(self._file.size)

    async def read(self, start: int, stop: int) -> Any:
        """Bytes `start` up to `stop`. Raises `Unreachable` when the file is gone or has been changed since."""
        import js
        from pyodide.ffi import JsException

        try:
            return js.Uint8Array.new(await self._file.slice(start, stop).arrayBuffer())
        except JsException as error:
            raise localized_error(Unreachable, "file") from error

    @contextmanager
    def prefetch(self, start: int, stop: int, arrived: Arrived | None = None) -> Iterator[None]:
        """A disk needs no warning."""
        yield

    @asynccontextmanager
    async def buffered(self, start: int, stop: int) -> AsyncIterator[None]:
        """A disk is quick enough as it is."""
        yield

    def close(self) -> None:
        """Forgets the file."""
        self._file = None


class CloudPackage:
    """The package of one report in its cloud, as a `range_reader.Remote`. Grants are asked for as they are needed."""

    def __init__(self, api: Api, report_id: str) -> None:
        self._api = api
        self._report_id = report_id
        self._grant: SignedGrant | None = None
        self._granting: asyncio.Lock = asyncio.Lock()

    async def prepare(self) -> None:
        """Asks for the grant now, while other things are asked for too."""
        await self._granted()

    async def get(self, start: int, stop: int) -> Body[Any]:
        """Asks the cloud for bytes `start` up to `stop`; a grant that it refuses is replaced once."""
        grant = await self._granted()
        try:
            return await self._request(grant, start, stop)
        except TokenRefused:
            if self._grant is grant:
                self._grant = None
            return await self._request(await self._granted(), start, stop)

    async def piece_hashes(self, most: int) -> bytes:
        """The list beside the package; see `range_reader.Remote`."""
        grant = await self._granted()
        try:
            return await self._list(grant, most)
        except TokenRefused:
            if self._grant is grant:
                self._grant = None
            return await self._list(await self._granted(), most)
        except NotFound:
            raise NotAsSent(what="list") from None

    async def _list(self, grant: SignedGrant, most: int) -> bytes:
        url = f"{grant.url}/v1/packages/{self._report_id}/pieces"
        body = await self._answer(url, {"Authorization": f"Bearer {grant.grant}"}, 0)
        found = bytearray()
        while (piece := await body.next()) is not None:
            if len(found) + int(piece.byteLength) > most:
                body.stop()
                raise NotAsSent(what="list")
            found += piece.to_bytes()
        return bytes(found)

    async def _granted(self) -> SignedGrant:
        async with self._granting:
            if self._grant is None or datetime.fromisoformat(self._grant.expires_at) - RENEW_BEFORE <= self._api.now():
                self._grant = await self._api.grant(self._report_id, Action.PACKAGE_DOWNLOAD.value)
            return self._grant

    async def _request(self, grant: SignedGrant, start: int, stop: int) -> Body[Any]:
        headers = {"Authorization": f"Bearer {grant.grant}", "Range": f"bytes={start}-{stop - 1}"}
        return await self._answer(f"{grant.url}/v1/packages/{self._report_id}", headers, start)

    async def _answer(self, url: str, headers: Mapping[str, str], start: int) -> _ResponseBody:
        import js

        abort = js.AbortController.new()
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                response = await self._api.fetch("GET", url, headers=headers, signal=abort.signal)
            return _ResponseBody(response, abort, start)
        except TimeoutError:
            abort.abort()
            raise localized_error(Unreachable, "late") from None
        except BaseException:
            abort.abort()
            raise


class _ResponseBody:
    """The body of a response, read as it comes. One that begins at byte 0 is read up to `start` first."""

    def __init__(self, response: Any, abort: Any, start: int) -> None:
        headers = response.headers
        first, self.total = extent(
            int(response.status),
            str(headers.get("Content-Range") or ""),
            str(headers.get("Content-Length") or ""),
            start,
        )
        self._skip = start - first
        self._reader = response.body.getReader()
        self._abort = abort
        self._has_begun = False

    async def next(self) -> Any:
        """The next bytes as a Uint8Array, None at the end."""
        from pyodide.ffi import JsException

        while True:
            try:
                async with asyncio.timeout(SILENT_SECONDS if self._has_begun else REQUEST_TIMEOUT_SECONDS):
                    piece = await self._reader.read()
            except TimeoutError:
                self._abort.abort()
                raise localized_error(Unreachable, "broke") from None
            except JsException as error:
                if getattr(error, "name", "") == "AbortError":
                    raise Cancelled from None
                raise localized_error(Unreachable, "broke") from error
            self._has_begun = True
            if piece.done:
                return None
            length = int(piece.value.length)
            if self._skip < length:
                skip, self._skip = self._skip, 0
                return piece.value.subarray(skip) if skip else piece.value
            self._skip -= length

    def stop(self) -> None:
        """Aborts the request if it has not ended."""
        self._abort.abort()


def extent(status: int, content_range: str, content_length: str, start: int) -> tuple[int, int | None]:
    """The first byte of an answer to a request for bytes from `start` on, and the length of the whole, None where it is
    not said.

    Proxies take ranges and lengths away; whether the bytes are the right ones shows when they are decrypted. Raises
    `InternalError` for an answer that cannot be what was asked for.
    """
    if status == 200:
        return 0, int(content_length) if _DIGITS.fullmatch(content_length) else None
    said = _CONTENT_RANGE.fullmatch(content_range)
    if status == 206 and not content_range:
        return start, None
    if status != 206 or said is None or int(said[1]) != start:
        raise localized_error(InternalError, "bytes")
    return start, int(said[2])


class ReconnectPolicy:
    """The pauses between tries to reach a cloud: a `range_reader.Pause`.

    Until `begun`, some tries are enough to say that it cannot be reached. Later a download goes on as soon as the
    connection is back, however long that takes: `waiting` tells the screen so, `try_now` ends a pause.
    """

    def __init__(self, waiting: Callable[[bool], None]) -> None:
        self.waiting = waiting
        self._now = asyncio.Event()
        self.begun = False

    async def __call__(self, failures: int, error: Unreachable) -> None:
        """Waits half a second, then twice as long each time; raises `error` when it is time to give up."""
        if not self.begun and failures >= FIRST_TRIES:
            raise error
        self._now.clear()
        off = dom.on(dom.window(), "online", lambda _event: self.try_now())
        self.waiting(True)
        try:
            await asyncio.wait_for(self._now.wait(), BACKOFF.pause(failures))
        except TimeoutError:
            pass
        finally:
            off()
            self.waiting(False)

    def try_now(self) -> None:
        """Ends the pause: the connection may be back."""
        self._now.set()
