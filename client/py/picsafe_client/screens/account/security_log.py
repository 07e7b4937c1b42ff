"""The security log of one's own account, newest first."""

from __future__ import annotations

from typing import Final

from picsafe_client.api import account
from picsafe_client.i18n.texts import has_text, moment, t
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dom
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.institutions import SecurityEventView

PAGE: Final = 10


class SecurityList:
    """A list that grows downwards, a page at a time."""

    def __init__(self, screen: Screen) -> None:
        self._api = screen.app.api
        self._before: int | None = None
        self._rows = dom.el("ul", {"class": "security-events", "id": "security-lines"})
        self._waiting = dom.el("div")
        self._more = dom.el("div", {"class": "list-end"})
        self.node = dom.el("div", {"class": "stack"}, self._rows, self._waiting, self._more)

    async def show(self) -> None:
        """Add the next page below."""
        async with ProgressIndicator(t("security.loading"), self._waiting) as wait:
            answer = await account.security_log(self._api, self._before, PAGE, signal=wait.signal)
        dom.append(self._rows, *[_row(line) for line in answer.events])
        self._before = answer.next
        button = dom.button(t("security.more"), lambda _event: self.show()) if self._before is not None else None
        dom.replace_children(self._more, button)


def _row(line: SecurityEventView) -> dom.Node:
    words = dom.el("span", {"class": "device-name"}, event_words(line))
    facts = dom.el("span", {"class": "soft small"}, ", ".join(facts_of(line)))
    return dom.el("li", {"class": "security-event"}, dom.el("span", {"class": "device-words"}, words, facts))


def event_words(line: SecurityEventView) -> str:
    """What happened, in words; of an event that this version does not know, that it does not."""
    key = f"security.{line.event}"
    return t(key) if has_text(key) else t("security.other")


def facts_of(line: SecurityEventView) -> list[str]:
    """When it was; by whom, where that was not oneself; from which device and network."""
    found = [moment(line.at)]
    if line.by:
        found.append(t("security.by", name=line.by.name))
    elif line.actor == "operator":
        found.append(t("security.by_operator"))
    found += [line.device] if line.device else []
    found += [t("security.from", network=line.network)] if line.network else []
    return found
