"""The drafts that the person who is signed in finds on this computer: offered above every screen, to go on or to discard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from picsafe_client.app import App
from picsafe_client.drafting.content import DraftContent, DraftUnreadable
from picsafe_client.drafting.sealed_draft import SealedDraft
from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import clock_time, moment, t
from picsafe_client.routing.router import address
from picsafe_client.sending.outbox import Outbox
from picsafe_client.session.models import Person
from picsafe_client.ui import dialogs, dom, notices
from picsafe_protocol.contracts.errors import PicSafeError

PLACE: Final = "drafts"
SHOWN: Final = 3
"""Drafts that are offered at a time, the newest; others follow when these are dealt with."""


@dataclass(frozen=True)
class OpenedDraft:
    """A draft with what it holds."""

    draft: SealedDraft
    content: DraftContent


class Drafts:
    """Of one page. Nothing is held while nobody is signed in."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._found: list[OpenedDraft] = []
        self._wanted: OpenedDraft | None = None
        self._left: list[SealedDraft] = []
        self._visit = 0
        app.arrivals.watch(self._arrived)
        Outbox.of(app).released.watch(self._released)
        app.departures.watch(lambda _nobody: self._forget())

    @classmethod
    def of(cls, app: App) -> Drafts:
        """Those of the page; `main` has made them."""
        found = app.drafts
        if not isinstance(found, cls):
            raise TypeError("nobody looks for drafts on this page")
        return found

    def take(self) -> OpenedDraft | None:
        """The draft that the person wants to go on with, once."""
        wanted, self._wanted = self._wanted, None
        return wanted

    def put(self, draft: SealedDraft) -> None:
        """The form of this draft was left: it is offered from now on."""
        if not self._app.is_signed_in:
            draft.close()
            return
        self._left.append(draft)
        dom.start_task(self._put(draft, self._visit))

    async def _put(self, draft: SealedDraft, visit: int) -> None:
        try:
            content = await draft.content()
        except DraftUnreadable:  # as when the page has been locked meanwhile
            draft.close()
            if visit == self._visit:
                await self._look(self._app.require_me())
            return
        if visit == self._visit:
            self._left.remove(draft)
            self._found.insert(0, OpenedDraft(draft, content))
            self._show()

    def _arrived(self, me: Person) -> None:
        dom.start_task(self._look(me))

    def _released(self, _nothing: None) -> None:
        if self._app.is_signed_in:
            dom.start_task(self._look(self._app.require_me()))

    async def _look(self, me: Person) -> None:
        self._forget()
        visit = self._visit
        found = []
        try:
            for draft in await SealedDraft.find(self._app.api, me.id):
                try:
                    found.append(OpenedDraft(draft, await draft.content()))
                except DraftUnreadable as error:
                    if error.is_damaged:
                        await draft.discard()
                    else:
                        draft.close()  # it may be readable at the next sign-in, and ends within a day
        except (PicSafeError, Cancelled):
            pass  # they are found at the next sign-in
        if visit == self._visit:
            self._found = [*self._found, *found]
            self._show()
            return
        for each in found:
            each.draft.close()  # the page has been locked meanwhile

    def _forget(self) -> None:
        self._visit += 1
        for each in [*self._found, *([self._wanted] if self._wanted else [])]:
            each.draft.close()
        for draft in self._left:
            draft.close()
        self._found, self._wanted, self._left = [], None, []
        self._show()

    def _show(self) -> None:
        dom.replace_children(dom.by_id(PLACE), *[self._notice(each) for each in self._found[:SHOWN]])

    def _notice(self, opened: OpenedDraft) -> dom.Node:
        content = opened.content
        what, time = content.words(), clock_time(content.began_at)
        title = t("draft.found", what=what, time=time) if what else t("draft.found_without_files", time=time)
        until = t("draft.found_until", moment=moment(opened.draft.ends_at))
        actions: list[notices.Action] = [
            (t("draft.go_on"), lambda _event: dom.defer(lambda: self._go_on(opened))),
            (t("draft.discard"), lambda _event: self._discard(opened)),
        ]
        return notices.notice("plain", title, until, actions=actions)

    def _go_on(self, opened: OpenedDraft) -> None:
        self._remove(opened)
        if self._wanted is not None:
            self._found.append(self._wanted)
        self._wanted = opened
        if self._app.navigation.route.screen == "send":
            self._app.navigation.navigate()
        else:
            self._app.go(address("send"))

    async def _discard(self, opened: OpenedDraft) -> None:
        sure = await dialogs.confirm(t("draft.discard_title"), t("draft.discard_text"), t("draft.discard"), danger=True)
        if sure and opened in self._found:
            self._remove(opened)
            await opened.draft.discard()
            dom.announce(t("draft.discarded"))

    def _remove(self, opened: OpenedDraft) -> None:
        self._found.remove(opened)
        self._show()
