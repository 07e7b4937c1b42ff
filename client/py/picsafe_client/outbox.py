"""The report that is on its way. It outlives the screen that began it: from the moment it is encrypted it holds no plaintext.

Leaving the screen while it still encrypts stops it; afterwards the upload goes on in the background, waits for the network, and
for its sender to be back after a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from picsafe_client import dom
from picsafe_client.api import Cancelled
from picsafe_client.preparing import PreparedFile
from picsafe_client.sending import Sending
from picsafe_protocol.sending import Facts

if TYPE_CHECKING:
    from picsafe_client.app import App

KEPT: Final = "send.outgoing"
"""Where the app keeps the one report that is being sent."""

Phase = Literal["encrypting", "uploading", "arrived", "failed"]


class Outgoing:
    """One report on its way. `watch` is called whenever something about it has changed."""

    def __init__(self, app: App) -> None:
        import js

        self._app = app
        self._sender = app.require_me().id
        self._abort = js.AbortController.new()
        self._sending = Sending(app.api, app.require_me(), self._abort.signal, self._signed_in_again)
        self._watchers: list[Callable[[], None]] = []
        self.phase: Phase = "encrypting"
        self.done, self.total = 0, 0
        self.report: Any = None
        self.error: BaseException | None = None
        self.locked = False

    @classmethod
    def current(cls, app: App) -> Outgoing | None:
        """The one that is being sent by the person who is signed in."""
        found = app.kept.get(KEPT)
        return found if isinstance(found, cls) else None

    @property
    def is_under_way(self) -> bool:
        """Whether it has neither arrived nor failed."""
        return self.phase in {"encrypting", "uploading"}

    @property
    def paused(self) -> bool:
        """Whether its sender has paused it."""
        return self._sending.upload is not None and self._sending.upload.paused

    @property
    def waiting(self) -> bool:
        """Whether the network holds it up."""
        return self._sending.upload is not None and self._sending.upload.waiting

    def begin(self, files: Sequence[PreparedFile], facts: Facts, recipients: Sequence[str]) -> None:
        """Starts it, and makes it the app's current one."""
        self._app.kept[KEPT] = self
        dom.spawn(self._run(files, facts, recipients))

    def toggle(self) -> None:
        """Pause, or go on."""
        upload = self._sending.upload
        if upload is not None:
            upload.resume() if upload.paused else upload.pause()
            self._changed()

    def stop(self) -> None:
        """Ends it for good; nobody receives anything."""
        self._abort.abort()
        if self._sending.upload is not None:
            self._sending.upload.resume()
        if self._app.kept.get(KEPT) is self:
            del self._app.kept[KEPT]

    def forget(self) -> None:
        """It has arrived or failed, and has been seen."""
        if self._app.kept.get(KEPT) is self:
            del self._app.kept[KEPT]

    def watch(self, watcher: Callable[[], None]) -> dom.Off:
        """Calls `watcher` after every change; the answer stops it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None

    async def _run(self, files: Sequence[PreparedFile], facts: Facts, recipients: Sequence[str]) -> None:
        try:
            self.report = await self._sending.run(
                files, facts, recipients, self._app.clock.now(), self._phase, self._progress
            )
            self.phase = "arrived"
        except Cancelled:
            await self._sending.withdraw()
            return
        except Exception as error:  # noqa: BLE001 whatever it is, the sender must see that nothing was sent
            self.error, self.phase = error, "failed"
            await self._sending.withdraw()
        finally:
            self._changed()

    async def _signed_in_again(self) -> None:
        """The session ended underway: wait for the same person. Anybody else ends it."""
        self.locked = True
        self._changed()
        me = await self._app.signed_in()
        self.locked = False
        if me.id != self._sender or self._app.kept.get(KEPT) is not self:
            raise Cancelled
        self._changed()

    def _phase(self, name: str, total: int) -> None:
        self.phase = "uploading" if name == "uploading" else "encrypting"
        self.done, self.total = 0, total
        self._changed()

    def _progress(self, count: int) -> None:
        self.done += count
        self._changed()

    def _changed(self) -> None:
        for watcher in list(self._watchers):
            watcher()
