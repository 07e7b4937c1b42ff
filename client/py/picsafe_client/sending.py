"""Sending a report (design, "Sending and opening"): ask for it, get a key, encrypt here, upload, hand in the receipt."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from picsafe_client.api import Api, Cancelled, Grant
from picsafe_client.packing import pack
from picsafe_client.preparing import PreparedFile
from picsafe_client.session import Me
from picsafe_client.uploading import Upload
from picsafe_protocol.errors import PicSafeError
from picsafe_protocol.opening import key_in
from picsafe_protocol.package import Header
from picsafe_protocol.report import Author
from picsafe_protocol.sending import Facts, report_of


class Sending:
    """One report on its way. `upload` is there once the encryption is done, and can be paused."""

    def __init__(self, api: Api, me: Me, signal: Any, signed_in_again: Callable[[], Awaitable[None]]) -> None:
        """`signal` of an AbortController stops it; then nothing becomes visible to anybody.

        `signed_in_again` returns when the sender is back after the session ended, or raises `Cancelled`.
        """
        self._api = api
        self._me = me
        self._signal = signal
        self._signed_in_again = signed_in_again
        self._report_id = ""
        self.upload: Upload | None = None

    async def run(
        self,
        files: Sequence[PreparedFile],
        facts: Facts,
        recipients: Sequence[str],
        now: datetime,
        phase: Callable[[str, int], None],
        progress: Callable[[int], None],
    ) -> Any:
        """Sends; the server's description of the report. `phase` is told "encrypting" and "uploading" with their bytes.

        Raises `UnknownRecipient`, `LimitExceeded`, `Cancelled`, `StorageFull`, …; nobody has received anything then.
        """
        created = await self._api.users("POST", "/v1/reports", {"recipients": list(recipients)}, signal=self._signal)
        report_id = self._report_id = str(created["report_id"])
        keyserver = created["keyserver"]
        body = {"report_id": report_id}
        issued = await self._api.keys(
            keyserver["url"], "POST", "/v1/keys", keyserver["grant"], body, signal=self._signal
        )
        media = [file.medium(number) for number, file in enumerate(files, 1)]
        report = report_of(report_id, self._author(), facts, media, now)
        header = Header(report_id, keyserver["url"], issued["key_id"], report.created_at)
        phase("encrypting", sum(file.size for file in files))
        package = await pack(header, key_in(issued), report, files, self._checked(progress))
        cloud = created["cloud"]
        grant = Grant(cloud["url"], cloud["grant"], datetime.fromisoformat(created["expires_at"]))
        phase("uploading", int(package.size))
        self.upload = Upload(self._api, report_id, grant, package, self._signal, self._signed_in_again)
        receipt = await self.upload.run(progress)
        return await self.upload.patiently(lambda: self._hand_in(report_id, receipt))

    async def withdraw(self) -> None:
        """Tells the servers that it will never be completed; they would find out by themselves within a day."""
        if self._report_id:
            with contextlib.suppress(PicSafeError):
                await self._api.users("DELETE", f"/v1/reports/{self._report_id}")

    async def _hand_in(self, report_id: str, receipt: str) -> Any:
        return await self._api.users("POST", f"/v1/reports/{report_id}/receipt", {"receipt": receipt})

    def _checked(self, progress: Callable[[int], None]) -> Callable[[int], None]:
        """Progress that also notices a cancellation, since encrypting asks no network."""

        def report(count: int) -> None:
            if self._signal.aborted:
                raise Cancelled
            progress(count)

        return report

    def _author(self) -> Author:
        institution = self._me.institution
        return Author(self._me.name, self._me.email, institution.name if institution else None)
