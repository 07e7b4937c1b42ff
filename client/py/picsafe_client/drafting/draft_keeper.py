"""Keeps a form sealed while somebody fills it in: each file at once, the fields shortly after they change."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from picsafe_client.api.client import Api
from picsafe_client.blobs import new_blob
from picsafe_client.drafting.content import DraftContent, KeptFacts, KeptFile, KeptPreview
from picsafe_client.drafting.sealed_draft import DraftNotKept, SealedDraft
from picsafe_client.interop import document
from picsafe_client.observable import Observable
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.ui import dom
from picsafe_protocol.contracts.errors import LimitExceeded, PicSafeError

PAUSE_MILLISECONDS: Final = 400
"""Between a change and its sealing: a word is typed, not each letter of it sealed."""
AGAIN_SECONDS: Final = 10
"""Until a server that could not be reached is asked again."""


class DraftState(Enum):
    """How far a form is sealed."""

    EMPTY = "empty"
    SEALING = "sealing"
    """Something has changed and is not on the disk yet."""
    SEALED = "sealed"
    WAITING = "waiting"
    """The user server, which gives the secret, cannot be reached; it is asked again."""
    FULL = "full"
    """The browser has no room for it."""
    NOT_KEPT = "not_kept"
    """The browser has no database, or refuses it."""
    TOO_MANY = "too_many"
    """The person has as many drafts as one may have."""


class DraftKeeper:
    """Of one form. `read_form` gives what it holds, without files, or None while it is empty."""

    def __init__(
        self,
        api: Api,
        account_id: str,
        began_at: str,
        read_form: Callable[[], DraftContent | None],
        returned: Callable[[SealedDraft], None],
    ) -> None:
        """`returned` gets the draft of a form that is gone, when it was not sent after all."""
        self._api = api
        self._account_id = account_id
        self._began_at = began_at
        self._read_form = read_form
        self._returned = returned
        self._draft: SealedDraft | None = None
        self._files: dict[str, KeptFile] = {}
        self._unsealed: dict[str, Any] = {}
        self._prepared: dict[str, PreparedFile] = {}
        self._removed: list[str] = []
        self._saved: DraftContent | None = None
        self._is_working = self._is_asked_again = False
        self._is_closed = self._is_lent = False
        self._later: dom.Dispose = lambda: None
        self.state = DraftState.EMPTY
        self.changes: Observable[DraftState] = Observable()

    @property
    def is_sealed(self) -> bool:
        """Whether nothing would be lost if the page were gone now."""
        return self.state in {DraftState.EMPTY, DraftState.SEALED}

    @property
    def locator(self) -> str:
        """The draft's name in the browser's database; empty while there is none."""
        return self._draft.locator if self._draft is not None and self._saved is not None else ""

    @property
    def ends_at(self) -> datetime | None:
        """When the draft is deleted; None while there is none."""
        return self._draft.ends_at if self._draft is not None else None

    def adopt(self, draft: SealedDraft, content: DraftContent) -> None:
        """Goes on with a draft that has been opened again."""
        self._draft, self._saved, self._began_at = draft, content, content.began_at
        self._files = {file.item: file for file in content.files}
        self._move(DraftState.SEALED)

    # -- what changes

    def touch(self) -> None:
        """Something in the form may have changed."""
        if self._is_closed or self._is_lent or (self._content() == self._saved and not self._unsealed):
            return
        self._move(DraftState.SEALING)
        self._later()
        self._later = dom.set_timeout(self._work, PAUSE_MILLISECONDS)

    def add_file(self, file: Any) -> str:
        """Seals a file that was chosen, beginning now; its name from now on."""
        item = secrets.token_hex(16)
        self._unsealed[item] = file
        self._move(DraftState.SEALING)
        self._work()
        return item

    def file_ready(self, item: str, file: PreparedFile) -> None:
        """It has been prepared: that need not be done again."""
        kept = self._files.get(item)
        if kept is not None and kept.facts is not None and kept.facts.release == release():
            return
        self._prepared[item] = file
        self._work()

    def remove_file(self, item: str) -> None:
        """It was taken away, or cannot be sent."""
        self._unsealed.pop(item, None)
        self._prepared.pop(item, None)
        kept = self._files.pop(item, None)
        self._removed.append(item)
        if kept is not None and kept.facts is not None and kept.facts.preview is not None:
            self._removed.append(kept.facts.preview.item)
        self.touch()

    # -- the end

    def lend(self) -> None:
        """The report is being sent: what was entered last is sealed, and until `give_back` the draft stays as it is, for
        this tab alone.
        """
        self._is_lent = True
        self._later()
        if not self.is_sealed:
            self._work()

    def give_back(self) -> None:
        """It was not sent after all."""
        self._is_lent = False
        if self._is_closed and self._draft is not None:
            self._returned(self._draft)

    def forget(self) -> None:
        """The page locks while the report is on its way: the key is dropped, and nobody else gets the draft yet."""
        if self._draft is not None:
            self._draft.forget()

    def leave(self) -> SealedDraft | None:
        """The form goes away. The draft, still open, for somebody else to close; None when nothing is sealed yet."""
        draft, is_sealed = self._draft, self._saved is not None
        self._drop()
        if draft is None or self._is_lent:
            return None
        if is_sealed:
            return draft
        draft.close()
        return None

    async def discard(self) -> None:
        """Nothing of it is to be kept: it was sent, or its sender says so."""
        self._drop()
        if self._draft is not None:
            await self._draft.discard()

    def _drop(self) -> None:
        self._is_closed = True
        self._later()
        self._saved = None
        self._files.clear()
        self._unsealed.clear()
        self._prepared.clear()

    # -- sealing, one thing after the other

    def _work(self) -> None:
        self._is_asked_again = True
        if not self._is_working:
            self._is_working = True
            dom.start_task(self._seal_all())

    async def _seal_all(self) -> None:
        try:
            while self._is_asked_again and not self._is_closed:
                self._is_asked_again = False
                await self._seal_once()
        except DraftNotKept as error:
            self._move(DraftState.FULL if error.is_full else DraftState.NOT_KEPT)
        except LimitExceeded:
            self._move(DraftState.TOO_MANY)
        except PicSafeError:
            self._move(DraftState.WAITING)
            self._later = dom.set_timeout(self._work, AGAIN_SECONDS * 1000)
        finally:
            self._is_working = False

    async def _seal_once(self) -> None:
        if self._content() is None and self._draft is None:
            self._move(DraftState.EMPTY)
            return
        if self._draft is None:
            draft = await SealedDraft.begin(self._api, self._account_id)
            if self._is_closed:
                await draft.discard()
                return
            self._draft = draft
        for item, file in list(self._unsealed.items()):
            await self._seal_file(self._draft, item, file)
        for item, prepared in list(self._prepared.items()):
            await self._describe(self._draft, item, prepared)
        await self._write(self._draft)
        removed, self._removed = self._removed, []
        await self._draft.remove_files(removed)

    async def _seal_file(self, draft: SealedDraft, item: str, file: Any) -> None:
        if item not in self._unsealed:
            return
        is_whole = await draft.seal_file(item, file, lambda _bytes: item in self._unsealed)
        if is_whole and item in self._unsealed:
            del self._unsealed[item]
            name = str(getattr(file, "name", "") or "recording")
            self._files[item] = KeptFile(item, name, str(file.type), int(file.size))
            await self._write(draft)

    async def _describe(self, draft: SealedDraft, item: str, file: PreparedFile) -> None:
        preview = None
        if file.preview is not None:
            preview = KeptPreview(secrets.token_hex(16), file.preview.crc32, file.preview.facts)
            await draft.seal_file(preview.item, new_blob([file.preview.data]), lambda _bytes: item in self._prepared)
        kept = self._files.get(item)
        if self._prepared.pop(item, None) is not None and kept is not None:
            kind = file.cleaned.description.kind
            facts = KeptFacts(release(), kind, file.size, file.sha256, file.crc32, file.comparison, preview)
            self._files[item] = replace(kept, facts=facts)

    async def _write(self, draft: SealedDraft) -> None:
        content = self._content()
        if self._is_closed or (self._is_lent and content is None):
            return
        if content is None:
            self._draft = self._saved = None
            await draft.discard()
            self._move(DraftState.EMPTY)
            return
        if content != self._saved:
            await draft.write(content)
            if self._is_closed:
                return
            self._saved = content
        if self._content() == self._saved and not self._unsealed:
            self._move(DraftState.SEALED)

    def _content(self) -> DraftContent | None:
        form = self._read_form()
        files = list(self._files.values())
        if form is None and not files and not self._unsealed:
            return None
        return replace(form or DraftContent(""), began_at=self._began_at, files=files)

    def _move(self, state: DraftState) -> None:
        if state is not self.state and not self._is_closed:
            self.state = state
            self.changes.notify(state)


def release() -> str:
    """The release of this page."""
    return str(document().querySelector("meta[name=picsafe-release]").content)
