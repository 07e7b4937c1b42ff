"""Encrypted reports that wait in this browser (js/outbox.js)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from picsafe_client.sending.parcel import Parcel
from picsafe_protocol.crypto.package_digest import Pieces


class OutboxStore:
    """Keeps parcels until they are delivered. A browser that cannot says so by False; nothing here raises."""

    async def keep(self, parcel: Parcel, ends_at: datetime, draft: str) -> bool:
        """Keeps a parcel that was made of the draft with the locator `draft` ("" for none)."""
        import js
        from pyodide.ffi import JsException, to_js

        until = ends_at.timestamp() * 1000
        hashes = to_js(parcel.pieces.hashes)
        try:
            await js.picsafe.outbox.keep(
                parcel.report_id, parcel.token, until, parcel.package, parcel.sha256, hashes, draft
            )
        except JsException:
            return False
        return True

    async def waiting(self) -> Sequence[str]:
        """The reports that wait."""
        import js
        from pyodide.ffi import JsException

        try:
            return [str(each) for each in await js.picsafe.outbox.waiting()]
        except JsException:
            return []

    async def claim(self, report_id: str) -> tuple[Parcel, Callable[[], None]] | None:
        """A parcel once no other tab delivers it, and what gives it back; None when it has been delivered."""
        import js
        from pyodide.ffi import JsException

        try:
            found = await js.picsafe.outbox.claim(report_id)
        except JsException:
            return None
        if found is None:
            return None
        pieces = Pieces(int(found.blob.size), found.hashes.to_bytes())
        parcel = Parcel(report_id, found.blob, str(found.sha256), pieces, token=str(found.token), is_kept=True)
        return parcel, _once(found.release)

    async def lock(self, report_id: str) -> Callable[[], None]:
        """This tab delivers the report, until the answer is called."""
        import js

        return _once(await js.picsafe.outbox.locked(report_id))

    async def remove(self, report_id: str, *, is_delivered: bool) -> None:
        """It is delivered, and its draft goes with it; or it never will be, and the draft is free again."""
        import js
        from pyodide.ffi import JsException

        with suppress(JsException):
            await js.picsafe.outbox.remove(report_id, is_delivered)


def _once(release: Any) -> Callable[[], None]:
    return lambda: release()
