"""Sends a report: begin a draft, request a key, encrypt here, upload, submit the receipt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from picsafe_client.api.client import Api, Grant
from picsafe_client.errors import Cancelled
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.media_preparation import PreparedFile, Progress
from picsafe_client.sending.package_builder import pack
from picsafe_client.sending.resumable_upload import Upload
from picsafe_client.session.models import Me
from picsafe_protocol.contracts.errors import PicSafeError, ServiceError, StorageFull
from picsafe_protocol.format.composing import ReportDetails, Uploaded, declared_size, report_of
from picsafe_protocol.format.opening import parse_released_key
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.report import Author

PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between tries to begin a report and to have its key: a server that restarts is back by then."""
LONGEST_WANTED: Final = 30.0
"""A longer pause that a server asks for is the person's to wait."""
STOP_SECONDS: Final = 0.2
"""How soon a pause notices that the person has stopped it."""


class Sending:
    """One report on its way: first `encrypt`, then `deliver`. `upload` is there in between, holds no plaintext and can
    be paused.
    """

    def __init__(
        self,
        api: Api,
        me: Me,
        signal: Any,
        signed_in_again: Callable[[], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        """`signal` of an AbortController stops it; then nothing becomes visible to anybody.

        `signed_in_again` returns when the sender is back after the session ended, or raises `Cancelled`. `changed` is
        called when something comes or ceases to hold the upload up.
        """
        self._api = api
        self._me = me
        self._signal = signal
        self._signed_in_again = signed_in_again
        self._changed = changed
        self._report_id = ""
        self._handed_in = False
        self.upload: Upload | None = None
        self.trouble: ServiceError | None = None
        """What holds it up before there is an upload, or None."""

    async def encrypt(
        self,
        files: Sequence[PreparedFile],
        facts: ReportDetails,
        recipients: Sequence[str],
        readers: Readers,
        now: datetime,
        begins: Callable[[int], None],
        progress: Progress,
    ) -> Upload:
        """Encrypts everything on this device. `begins` gets the bytes that `progress` is going to count.

        `readers` is who, as the sender was shown, can open it. Raises `Conflict` when more can, `UnknownRecipient`,
        `LimitExceeded`, `DigestMismatch`, `Unreachable`, `Cancelled`, …; nobody has received anything then.
        """
        sizes = (file.size + (file.preview.facts.size if file.preview else 0) for file in files)
        wanted = {"recipients": list(recipients), "size": declared_size(sizes)}
        # One that was begun in vain is forgotten by the servers within a day.
        created = await self._for_a_while(lambda: self._api.users("POST", "/v1/reports", wanted, signal=self._signal))
        report_id = self._report_id = str(created["report_id"])
        readers.check(created)
        keyserver = created["keyserver"]
        body = {"report_id": report_id}
        issued = await self._for_a_while(
            lambda: self._api.keys(keyserver["url"], "POST", "/v1/keys", keyserver["grant"], body, signal=self._signal)
        )
        media = [file.medium(number) for number, file in enumerate(files, 1)]
        report = report_of(report_id, self._author(), facts, media, now)
        header = Header(report_id, keyserver["url"], issued["key_id"], report.created_at)
        begins(sum(file.size for file in files))
        package = await pack(header, parse_released_key(issued), report, files, self._checked(progress))
        cloud = created["cloud"]
        grant = Grant(cloud["url"], cloud["grant"], datetime.fromisoformat(created["expires_at"]))
        self.upload = Upload(self._api, report_id, grant, package, self._signal, self._signed_in_again, self._changed)
        return self.upload

    async def deliver(self, progress: Progress) -> Any:
        """Uploads and makes it available; the server's description of the report.

        Raises `StorageFull`, after which it may be called again, `Cancelled`, and what trying again cannot change.
        """
        if self.upload is None:
            raise RuntimeError("deliver before encrypt")
        uploaded = await self.upload.run(progress)
        return await self.upload.patiently(partial(self._hand_in, uploaded))

    async def withdraw(self) -> bool:
        """Tells the servers that it is not to be completed. False when it may have been: nobody could be reached."""
        if not self._report_id:
            return True
        try:
            await self._api.users("DELETE", f"/v1/reports/{self._report_id}")
        except PicSafeError:
            return not self._handed_in  # what was never handed in is deleted by the servers themselves, within a day
        return True

    async def _for_a_while(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        """Tries `attempt` until a server that is away is back; raises its error when that takes longer than
        `PAUSES`.
        """
        for pause in (*PAUSES, None):
            try:
                answer = await attempt()
            except StorageFull:
                raise
            except ServiceError as error:
                wanted = float(error.retry_after or 0)
                if pause is None or wanted > LONGEST_WANTED:
                    self._held_up_by(None)
                    raise
                self._held_up_by(error)
                await self._rest(max(pause, wanted))
            else:
                self._held_up_by(None)
                return answer
        raise AssertionError("the last try returns or raises")

    async def _rest(self, seconds: float) -> None:
        """A pause, which ends early when the sending is stopped."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._signal.aborted:
                raise Cancelled
            await asyncio.sleep(min(STOP_SECONDS, max(until - time.monotonic(), 0)))

    def _held_up_by(self, trouble: ServiceError | None) -> None:
        if trouble is not self.trouble:
            self.trouble = trouble
            self._changed()

    async def _hand_in(self, uploaded: Uploaded, signal: Any) -> Any:
        self._handed_in = True
        path = f"/v1/reports/{self._report_id}/receipt"
        return await self._api.users("POST", path, uploaded.to_json(), signal=signal)

    def _checked(self, progress: Progress) -> Progress:
        """Progress that also notices a cancellation, since encrypting asks no network."""

        def report(count: int) -> None:
            if self._signal.aborted:
                raise Cancelled
            progress(count)

        return report

    def _author(self) -> Author:
        institution = self._me.institution
        return Author(self._me.name, self._me.email, institution.name if institution else None)
