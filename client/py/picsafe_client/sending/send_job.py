"""One report on its way: a draft, a key, encryption on this device, upload, receipt.

`send_state` says what may happen in which state. This module does the work, moves from state to state and tells its
observers; once it is encrypted, the job holds no plaintext. It knows neither the app nor the screen that began it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from picsafe_client.api import reports
from picsafe_client.api.client import Api
from picsafe_client.errors import Cancelled
from picsafe_client.observable import Observable
from picsafe_client.sending import sealing
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.sending.resumable_upload import ResumableUpload
from picsafe_client.sending.retry import SETUP_RETRY, UPLOAD_RETRY, retry
from picsafe_client.sending.send_control import SendControl
from picsafe_client.sending.send_progress import SendProgress
from picsafe_client.sending.send_state import UNDER_WAY, SendEvent, SendState, is_possible, next_state
from picsafe_client.session import incident_log
from picsafe_client.session.models import Person
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import PicSafeError, ServiceError, StorageFull
from picsafe_protocol.format.composing import ReportDetails, Uploaded
from picsafe_protocol.format.label import Label

T = TypeVar("T")


class SendJob:
    """Runs once. `pause`, `resume`, `try_again` and `stop` are the sender's; where they make no sense they do nothing."""

    def __init__(
        self,
        api: Api,
        sender: Person,
        *,
        sender_back: Callable[[], Awaitable[None]],
        is_wanted: Callable[[], bool],
        tell: Callable[[str, Label], None],
    ) -> None:
        """`sender_back` returns when `sender` has signed in again after the session ended, or raises `Cancelled`.

        `is_wanted` is asked as it proceeds: False when the sender has signed out, which stops it. `tell` is called with
        the report's identifier and whose it is; the job itself keeps none of that.
        """
        self._api = api
        self._sender = sender
        self._sender_back = sender_back
        self._is_wanted = is_wanted
        self._tell = tell
        self._control = SendControl()
        self._room = asyncio.Event()
        self._over = asyncio.Event()
        self._report_id = ""
        self._sealed_label: bytes | None = None
        self._may_be_delivered = False
        self._progress = SendProgress()
        self.state = SendState.ENCRYPTING
        self.changes: Observable[SendJob] = Observable()
        """Notified after every change."""
        self.blocking_error: ServiceError | None = None
        """The error that holds it up at the moment; the request is repeated automatically."""
        self.error: Exception | None = None
        """Why it is blocked, or has failed."""
        self.report: ReportView | None = None
        """The user server's description of the report, once it is delivered."""

    # -- how it is

    @property
    def is_under_way(self) -> bool:
        """Whether it may still be delivered and can be stopped."""
        return self.state in UNDER_WAY

    @property
    def is_stopped(self) -> bool:
        """Whether its sender has stopped it, whatever becomes of that."""
        return self._control.is_stopped

    @property
    def done(self) -> int:
        """Bytes encrypted, or uploaded, so far."""
        return self._progress.done

    @property
    def total(self) -> int:
        """Bytes to encrypt, or to upload; 0 until that is known."""
        return self._progress.total

    @property
    def seconds_left(self) -> float | None:
        """By the speed so far; None when that says nothing yet, and while nothing moves."""
        if self.state not in {SendState.ENCRYPTING, SendState.UPLOADING} or self.blocking_error is not None:
            return None
        return self._progress.seconds_left

    async def ended(self) -> None:
        """Returns when it is over, one way or another."""
        await self._over.wait()

    # -- what the sender does

    def pause(self) -> None:
        """Stops uploading at once; the part that is on its way is sent again later, all others are kept."""
        if is_possible(self.state, SendEvent.PAUSE):
            self._control.pause()
            self._progress.measure_again()
            self._move(SendEvent.PAUSE)

    def resume(self) -> None:
        """Continues after `pause`."""
        if is_possible(self.state, SendEvent.RESUME):
            self._control.resume()
            self._progress.measure_again()
            self._move(SendEvent.RESUME)

    def try_again(self) -> None:
        """Continues where it was blocked: what has arrived is kept."""
        if is_possible(self.state, SendEvent.RETRY):
            self.error = None
            self._control.resume()
            self._progress.measure_again()
            self._room.set()
            self._move(SendEvent.RETRY)

    def stop(self) -> None:
        """Ends it for good; nobody receives anything."""
        if is_possible(self.state, SendEvent.STOP):
            self._control.stop()
            self._room.set()
            self._move(SendEvent.STOP)

    # -- the work

    async def run(
        self,
        files: Sequence[PreparedFile],
        details: ReportDetails,
        recipients: Sequence[str],
        readers: Readers,
        now: datetime,
    ) -> None:
        """Sends it. `readers` is who, as the sender was shown, can open it: it fails with `Conflict` when more can.

        Raises nothing: how it ended is in `state` and `error`.
        """
        try:
            upload = await self._encrypt(files, details, recipients, readers, now)
            del files, details  # from here on there is only ciphertext
            self._control.check()
            self._progress.begin(upload.size)
            self._move(SendEvent.ENCRYPTED)
            self.report = await self._deliver(upload)
            self.state = next_state(self.state, SendEvent.DELIVER)
        except Cancelled:
            self.stop()
            event = SendEvent.WITHDRAWN if await self._withdraw() else SendEvent.NOT_CONFIRMED
            self.state = next_state(self.state, event)
        except Exception as error:  # noqa: BLE001 whatever it is, the sender must see that nothing was sent
            self.error = _without_trace(error)
            self.state = next_state(self.state, SendEvent.FAIL)
            await self._withdraw()  # first, so that trying again does not meet the draft
        finally:
            self._over.set()
        self._changed()

    async def _encrypt(
        self,
        files: Sequence[PreparedFile],
        details: ReportDetails,
        recipients: Sequence[str],
        readers: Readers,
        now: datetime,
    ) -> ResumableUpload:
        draft = await self._retry(lambda signal: sealing.begin_draft(self._api, files, recipients, signal))
        self._report_id = draft.report_id
        readers.check(draft)
        issued = await self._retry(partial(sealing.request_key, self._api, draft))
        self._progress.begin(sum(file.size for file in files))
        self._changed()
        sealed = await sealing.seal(draft, issued, self._sender, files, details, now, self._encrypted)
        self._sealed_label = sealed.sealed_label  # once: whatever is repeated from here on, it stays the same
        self._tell(draft.report_id, sealed.label)
        return ResumableUpload(self._api, draft.report_id, draft.cloud, sealed.package, self._retry_upload)

    async def _deliver(self, upload: ResumableUpload) -> ReportView:
        """Uploads it, as often as the sender tries again because the cloud was full, and hands the receipt in."""
        off = dom.on(dom.window(), "online", lambda _event: self._control.wake())
        try:
            while True:
                try:
                    uploaded = await upload.run(self._uploaded)
                    return await self._retry_upload(partial(self._hand_in, uploaded))
                except StorageFull as error:
                    await self._wait_for_room(error)
        finally:
            off()

    async def _hand_in(self, uploaded: Uploaded, signal: Any) -> ReportView:
        self._may_be_delivered = True
        return await reports.make_available(self._api, self._report_id, uploaded, self._sealed_label, signal=signal)

    async def _withdraw(self) -> bool:
        """Tells the servers that it is not to be completed. False when it may have been: nobody could be reached."""
        if not self._report_id:
            return True
        try:
            await reports.withdraw(self._api, self._report_id)
        except Exception as error:  # noqa: BLE001 whatever it is, the job ends in a named state
            _without_trace(error)
            return not self._may_be_delivered  # drafts without a receipt are deleted by the servers within a day
        return True

    # -- what it waits for

    async def _retry(self, attempt: Callable[[Any], Awaitable[T]]) -> T:
        """While it encrypts, its sender is there and watches."""
        return await retry(attempt, SETUP_RETRY, self._control, blocked_by=self._blocked_by)

    async def _retry_upload(self, attempt: Callable[[Any], Awaitable[T]]) -> T:
        """Afterwards it waits for the network and for its sender, for as long as it takes."""
        wait = self._wait_for_sender
        return await retry(attempt, UPLOAD_RETRY, self._control, blocked_by=self._blocked_by, sender_back=wait)

    async def _wait_for_room(self, error: StorageFull) -> None:
        """Until the sender tries again."""
        self._control.check()
        self.error = _without_trace(error)
        self._room.clear()
        self._move(SendEvent.NO_ROOM)
        await self._room.wait()
        self._control.check()

    async def _wait_for_sender(self) -> None:
        """The session ended. Only the same person can continue; anybody else ends it."""
        self._move(SendEvent.SESSION_ENDED)
        await self._control.unless_stopped(self._sender_back())
        self._move(SendEvent.SENDER_BACK)

    def _blocked_by(self, error: ServiceError | None) -> None:
        if error is not self.blocking_error:
            self.blocking_error = error
            self._changed()

    # -- progress and observers

    def _encrypted(self, count: int) -> None:
        self._control.check()  # encrypting makes no requests that could be aborted
        self._uploaded(count)

    def _uploaded(self, count: int) -> None:
        self._progress.add(count)
        if not self._is_wanted():
            self.stop()
        self._changed()

    def _move(self, event: SendEvent) -> None:
        self.state = next_state(self.state, event)
        self._changed()

    def _changed(self) -> None:
        self.changes.notify(self)


def _without_trace(error: Exception) -> Exception:
    """The error without its frames, which hold files and facts. What nobody foresaw is logged before."""
    if not isinstance(error, PicSafeError):
        incident_log.note(error)
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)
