"""One draft in the database of this browser: js/sealed-drafts.js seals and opens it, the user server has its secret."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from picsafe_client.api import sealed_drafts
from picsafe_client.api.client import Api
from picsafe_client.drafting.content import DraftContent, DraftUnreadable
from picsafe_protocol.contracts.api.accounts import DraftSecret
from picsafe_protocol.contracts.errors import PicSafeError


class DraftNotKept(Exception):
    """The browser does not keep it: it has no room, or no database."""

    def __init__(self, *, is_full: bool) -> None:
        super().__init__()
        self.is_full = is_full


class SealedDraft:
    """A draft that is open in this tab. After `forget` nothing of it can be read; what is stored stays."""

    def __init__(self, api: Api, draft_id: str, handle: Any) -> None:
        self._api = api
        self._handle = handle
        self.id = draft_id

    @classmethod
    async def begin(cls, api: Api, account_id: str) -> SealedDraft:
        """A new one. Raises what the user server refuses with, and `DraftNotKept`."""
        import js

        secret = await sealed_drafts.make(api)
        with _kept_or_not():
            handle = await js.picsafe.sealedDrafts.begin(secret.id, account_id, _bytes(secret))
        return cls(api, secret.id, handle)

    @classmethod
    async def find(cls, api: Api, account_id: str) -> list[SealedDraft]:
        """Those on this computer that the person who is signed in can open, newest first; none that another tab has.

        The server is asked only when there are drafts here at all, of whichever person.
        """
        import js
        from pyodide.ffi import JsException

        found = []
        try:
            if not int(await js.picsafe.sealedDrafts.count()):
                return []
            for secret in await sealed_drafts.secrets(api):
                handle = await js.picsafe.sealedDrafts.find(secret.id, account_id, _bytes(secret))
                if handle is not None:
                    found.append(cls(api, secret.id, handle))
        except JsException:
            return found  # a browser without a database has no drafts
        return found

    @property
    def locator(self) -> str:
        """Its name in the browser's database."""
        return str(self._handle.locator)

    @property
    def ends_at(self) -> datetime:
        """When it is deleted, by this computer's clock."""
        return datetime.fromtimestamp(float(self._handle.endsAt) / 1000, UTC)

    async def write(self, content: DraftContent) -> None:
        """Seals the form in place of what was sealed before."""
        with _kept_or_not():
            await self._handle.writeForm(content.to_json())

    async def content(self) -> DraftContent:
        """Raises `DraftUnreadable`."""
        from pyodide.ffi import JsException

        try:
            return DraftContent.from_json(str(await self._handle.readForm()))
        except JsException as error:
            raise DraftUnreadable(is_damaged=getattr(error, "name", "") == "DraftDamaged") from error

    async def seal_file(self, item: str, blob: Any, goes_on: Callable[[int], bool]) -> bool:
        """Seals a Blob piece by piece; False when `goes_on`, which gets the bytes sealed so far, said that it is over."""
        from pyodide.ffi import create_proxy

        asked = create_proxy(goes_on)
        try:
            with _kept_or_not():
                return bool(await self._handle.sealFile(item, blob, asked))
        finally:
            asked.destroy()

    async def remove_files(self, items: Sequence[str]) -> None:
        """Deletes sealed files."""
        with _kept_or_not():
            for item in items:
                await self._handle.removeFile(item)

    def file(self, item: str, size: int, media_type: str, name: str) -> Any:
        """A sealed file as a LazyBlob."""
        return self._handle.file(item, size, media_type, name)

    def forget(self) -> None:
        """Drops the key and everything that was opened. No other tab gets it before `close`."""
        self._handle.forget()

    def close(self) -> None:
        """The same; from now on another tab may open it."""
        self._handle.close()

    async def discard(self) -> None:
        """Deletes it here, and the secret at the server as soon as that can be told."""
        from pyodide.ffi import JsException

        with suppress(JsException):
            await self._handle.discard()
        with suppress(PicSafeError):
            await sealed_drafts.end(self._api, self.id)


@contextmanager
def _kept_or_not() -> Iterator[None]:
    from pyodide.ffi import JsException

    try:
        yield
    except JsException as error:
        raise DraftNotKept(is_full=getattr(error, "name", "") == "QuotaExceededError") from error


def _bytes(secret: DraftSecret) -> Any:
    from pyodide.ffi import to_js

    return to_js(base64.b64decode(secret.secret))
