"""One report on its way: begun on the server, a key, encryption on this device, upload, receipt.

`send_state` says what may happen in which state. This module does the work, moves from state to state and tells its
observers; once it is encrypted, the job holds no plaintext. It knows neither the app nor the screen that began it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from picsafe_client.api import outbox, reports
from picsafe_client.api.client import Api
from picsafe_client.errors import Cancelled
from picsafe_client.observable import Observable
from picsafe_client.sending import sealing
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.sending.parcel import Parcel, measure
from picsafe_client.sending.resumable_upload import ResumableUpload
from picsafe_client.sending.retry import SETUP_RETRY, UPLOAD_RETRY, retry
from picsafe_client.sending.send_control import SendControl
from picsafe_client.sending.send_progress import SendProgress
from picsafe_client.sending.send_state import UNDER_WAY, SendEvent, SendState, is_possible, next_state
from picsafe_client.session import incident_log
from picsafe_client.session.models import Person
from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.reports import OutboxToken, ReportView
from picsafe_protocol.contracts.errors import PicSafeError, ServiceError, StorageFull, TokenRefused
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.label import Label

T = TypeVar("T")


@dataclass(frozen=True)
class Surroundings:
    """What a job needs of the page."""

    sender_back: Callable[[], Awaitable[None]]
    """Returns when the sender has signed in again after the session ended, or raises `Cancelled`."""
    tell: Callable[[str, Label], None]
    """Called with the report's identifier and whose it is; the job itself keeps none of that."""
    keep: Callable[[Parcel, OutboxToken], Awaitable[None]]
    """Called once with what is encrypted, for this browser to keep."""
    describe: Callable[[str], Awaitable[ReportView | None]]
    """The user server's description of a report, None while nobody is there to ask for it."""


class SendJob:
    """Runs once. `pause`, `resume`, `try_again` and `stop` are the sender's; where they make no sense they do nothing."""

    def __init__(self, api: Api, page: Surroundings, sender_id: str = "", names: Sequence[str] = ()) -> None:
        """`sender_id` is empty, and `names` of its recipients too, until it is known whose it is."""
        self._api = api
        self._page = page
        self._control = SendControl()
        self._room = asyncio.Event()
        self._over = asyncio.Event()
        self._may_be_delivered = False
        self._progress = SendProgress()
        self.sender_id = sender_id
        self.names = list(names)
        self.report_id = ""
        self.parcel: Parcel | None = None
        """What is encrypted, while it is on its way."""
        self.was_kept = False
        """Whether this browser has kept it."""
        self.is_shown = False
        """Whether a screen shows it to its end."""
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
    def is_kept(self) -> bool:
        """Whether it goes on when this page is gone."""
        return self.parcel is not None and self.parcel.is_kept

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
        sender: Person,
        files: Sequence[PreparedFile],
        details: ReportDetails,
        recipients: Sequence[str],
        readers: Readers,
        now: datetime,
    ) -> None:
        """Sends it. `readers` is who, as the sender was shown, can open it: it fails with `Conflict` when more can.

        Raises nothing: how it ended is in `state` and `error`.
        """
        work = self._encrypt(sender, files, details, recipients, readers, now)
        del files, details  # the coroutine alone has them, and drops them when it is done
        await self._run(work)

    async def run_kept(self, parcel: Parcel) -> None:
        """Delivers what was encrypted before, perhaps by a page that is gone. Raises nothing."""

        async def known() -> Parcel:
            return parcel

        self.report_id = parcel.report_id
        await self._run(known())

    async def _run(self, encrypting: Awaitable[Parcel]) -> None:
        try:
            parcel = await encrypting
            self._control.check()
            self.parcel = parcel
            self._progress.begin(parcel.pieces.size)
            self._move(SendEvent.ENCRYPTED)
            await self._deliver(parcel)
            self.report = await self._page.describe(self.report_id)
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
            self.parcel = None
            self._over.set()
        self._changed()

    async def _encrypt(
        self,
        sender: Person,
        files: Sequence[PreparedFile],
        details: ReportDetails,
        recipients: Sequence[str],
        readers: Readers,
        now: datetime,
    ) -> Parcel:
        draft = await self._retry(lambda signal: sealing.begin_draft(self._api, files, recipients, signal))
        self.report_id = draft.report_id
        readers.check(draft)
        issued = await self._retry(partial(sealing.request_key, self._api, draft))
        self._progress.begin(sum(file.size for file in files))
        self._changed()
        sealed = await sealing.seal(draft, issued, sender, files, details, now, self._encrypted)
        self._page.tell(draft.report_id, sealed.label)
        sha256, pieces = await measure(sealed.package)
        # The label is sealed once: whatever is repeated from here on, it stays the same.
        return Parcel(draft.report_id, sealed.package, sha256, pieces, sealed.sealed_label, draft.cloud)

    async def _deliver(self, parcel: Parcel) -> None:
        """Uploads it, as often as the sender tries again because the cloud was full, and hands the receipt in."""
        off = dom.on(dom.window(), "online", lambda _event: self._control.wake())
        try:
            upload = ResumableUpload(self._api, parcel, self._retry_upload)
            while True:
                try:
                    if not parcel.token:
                        await self._declare(parcel)
                    receipt = await upload.run(self._uploaded)
                    await self._retry_upload(partial(self._hand_in, parcel.token, receipt))
                except StorageFull as error:
                    await self._wait_for_room(error)
                except TokenRefused as error:
                    if error.details.get("reason") != "outbox":
                        raise
                    parcel.token = ""  # it has ended: its sender has to declare it again
                else:
                    return
        finally:
            off()

    async def _declare(self, parcel: Parcel) -> None:
        """Tells the user server what is going to be delivered: the last thing that takes a session."""

        async def declare(signal: Any) -> OutboxToken:
            return await outbox.declare(self._api, parcel.report_id, parcel.sent, parcel.sealed_label, signal=signal)

        issued = await self._retry_upload(declare)
        parcel.token = issued.token
        await self._page.keep(parcel, issued)
        self._changed()

    async def _hand_in(self, token: str, receipt: str, signal: Any) -> None:
        self._may_be_delivered = True
        await outbox.hand_in(self._api, token, receipt, signal=signal)

    async def _withdraw(self) -> bool:
        """Tells the servers that it is not to be completed. False when it may have been: nobody could be reached."""
        if not self.report_id:
            return True
        try:
            await reports.withdraw(self._api, self.report_id)
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
        await self._control.unless_stopped(self._page.sender_back())
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
