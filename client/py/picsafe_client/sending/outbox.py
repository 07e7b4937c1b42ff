"""The report that is being sent. It outlives the screen that began it; once encrypted, it holds no plaintext.

Leaving the screen while it still encrypts stops it; afterwards the upload goes on in the background, waits for the
network, and for its sender to be back after a lock. The result is also shown on other screens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import date, t
from picsafe_client.observable import Observable
from picsafe_client.routing.router import address
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.sending.send_job import Sending
from picsafe_client.session import incident_log
from picsafe_client.ui import dom, notices
from picsafe_protocol.contracts.errors import PicSafeError, ServiceError, StorageFull
from picsafe_protocol.format.composing import ReportDetails

if TYPE_CHECKING:
    from picsafe_client.app import App

Phase = Literal["encrypting", "uploading", "stuck", "arrived", "failed", "stopped", "perhaps"]
"""`stuck` waits for the person to try again; `perhaps` was stopped, but nobody could be told in time."""
UNDER_WAY: Final = frozenset({"encrypting", "uploading", "stuck"})


class SendJob:
    """One report on its way."""

    def __init__(self, app: App) -> None:
        import js

        self._app = app
        self._sender = app.require_me().id
        self._abort = js.AbortController.new()
        self._sending = Sending(app.api, app.require_me(), self._abort.signal, self._signed_in_again, self._changed)
        self.changes: Observable[SendJob] = Observable()
        """Notified after every change."""
        self._again = asyncio.Event()
        self._ended = asyncio.Event()
        self._since = time.monotonic()
        self._before = 0
        self.phase: Phase = "encrypting"
        self.done, self.total = 0, 0
        self.report: Any = None
        self.error: BaseException | None = None
        self.locked = False

    @classmethod
    def current(cls, app: App) -> SendJob | None:
        """The one that is being sent by the person who is signed in."""
        found = app.session_state.outgoing
        return found if isinstance(found, cls) else None

    @property
    def is_under_way(self) -> bool:
        """Whether it has neither arrived nor ended otherwise."""
        return self.phase in UNDER_WAY

    @property
    def paused(self) -> bool:
        """Whether its sender has paused it."""
        return self._sending.upload is not None and self._sending.upload.paused

    @property
    def trouble(self) -> ServiceError | None:
        """The error that holds it up at the moment; it is retried automatically."""
        return self._sending.trouble if self._sending.upload is None else self._sending.upload.trouble

    @property
    def seconds_left(self) -> float | None:
        """By the speed so far; None when that says nothing yet."""
        passed, gone = time.monotonic() - self._since, self.done - self._before
        if passed < 1.5 or gone <= 0 or self.paused or self.trouble or self.phase == "stuck":
            return None
        return passed / gone * (self.total - self.done)

    def begin(
        self, files: Sequence[PreparedFile], facts: ReportDetails, recipients: Sequence[str], readers: Readers
    ) -> None:
        """Starts it, and makes it the app's current one. `readers` were shown to the sender."""
        self._app.session_state.outgoing = self
        dom.start_task(self._run(list(files), facts, recipients, readers))

    def toggle(self) -> None:
        """Pause, or go on."""
        upload = self._sending.upload
        if upload is not None:
            upload.resume() if upload.paused else upload.pause()
            self._count_anew()
            self._changed()

    def try_again(self) -> None:
        """Goes on where it got stuck: what has arrived is kept."""
        self._again.set()

    def stop(self) -> None:
        """Ends it for good; nobody receives anything."""
        self._abort.abort()
        self._again.set()
        if self._sending.upload is not None:
            self._sending.upload.resume()
        self.forget()

    @property
    def _is_current(self) -> bool:
        return self._app.session_state.outgoing is self

    async def ended(self) -> None:
        """Returns when it is over, one way or another."""
        await self._ended.wait()

    def forget(self) -> None:
        """It has been stopped, or its end has been seen."""
        if self._is_current:
            self._app.session_state.outgoing = None

    async def _run(
        self, files: list[PreparedFile], facts: ReportDetails, recipients: Sequence[str], readers: Readers
    ) -> None:
        off = dom.on(dom.window(), "beforeunload", self._before_unload)
        try:
            now = self._app.clock.now()
            upload = await self._sending.encrypt(files, facts, recipients, readers, now, self._begins, self._progress)
            del files, facts  # from here on there is only ciphertext
            self._begins(upload.size, "uploading")
            self.report = await self._delivered()
            self.phase = "arrived"
        except Cancelled:
            self.phase = "stopped" if await self._sending.withdraw() else "perhaps"
        except Exception as error:  # noqa: BLE001 whatever it is, the sender must see that nothing was sent
            self.error, self.phase = _without_trace(error), "failed"
            await self._sending.withdraw()
        finally:
            off()
            self._ended.set()
        if self.changes.is_watched:
            self._changed()
        else:
            await self._tell_elsewhere()

    async def _delivered(self) -> Any:
        """Uploads, however often the sender tries again because the server was full."""
        while True:
            try:
                return await self._sending.deliver(self._progress)
            except StorageFull as error:
                self.error, self.phase = _without_trace(error), "stuck"
            self._changed()
            self._again.clear()
            await self._again.wait()
            self.error, self.phase = None, "uploading"
            self._count_anew()
            self._changed()

    async def _tell_elsewhere(self) -> None:
        """Its sender is on another screen, or has to sign in first."""
        if not self._is_current:
            return
        await self._app.signed_in()
        if self.changes.is_watched or not self._is_current:
            return
        if self.phase == "failed" and self.error is not None:
            show = (t("send.show"), lambda _event: self._app.go(address("send")))
            self._app.show_problem(self.error, means=t("send.failed"), actions=[show])
        elif self.phase == "arrived":
            self.forget()
            place = dom.by_id("banner")
            note = notices.notice(
                "good", arrived_words(self.report), on_dismiss=lambda _event: dom.replace_children(place)
            )
            dom.replace_children(place, note)

    async def _signed_in_again(self) -> None:
        """The session ended underway: wait for the same person. Anybody else ends it."""
        self.locked = True
        self._changed()
        me = await self._app.signed_in()
        self.locked = False
        if me.id != self._sender or not self._is_current:
            raise Cancelled
        self._changed()

    def _begins(self, total: int, phase: Phase = "encrypting") -> None:
        self.phase = phase
        self.done, self.total = 0, total
        self._count_anew()
        self._changed()

    def _count_anew(self) -> None:
        self._since, self._before = time.monotonic(), self.done

    def _progress(self, count: int) -> None:
        self.done += count
        if not self._is_current:
            self.stop()  # its sender has signed out
        self._changed()

    def _changed(self) -> None:
        self.changes.notify(self)

    def _before_unload(self, event: Any) -> None:
        event.preventDefault()  # the browser asks whether to close the page: what is on its way would be lost


def arrived_words(report: Any) -> str:
    """Where it is and until when."""
    adjective = t(f"region_adjective.{report['region']}")
    return t("send.arrived", adjective=adjective, date=date(report["expires_at"]))


def _without_trace(error: Exception) -> Exception:
    """The error without its frames, which hold files and facts. What nobody foresaw is logged before."""
    if not isinstance(error, PicSafeError):
        incident_log.note(error)
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)
