"""The institution's access log: filter, page by page, export."""

from __future__ import annotations

from typing import Any, Final

from picsafe_client.api import access_log
from picsafe_client.i18n.texts import t
from picsafe_client.interop import js_object
from picsafe_client.screens import access_log_table
from picsafe_client.screens.screen import Screen
from picsafe_client.ui import dom, forms
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.keys import LogEntry

PAGE: Final = 50
OBJECT_URL_LIFE: Final = 60_000
"""Milliseconds that the browser gets to begin saving the export."""


async def show_log(screen: Screen, place: dom.Node) -> None:
    """Fills `place`."""
    await _Log(screen, place).show()


class _Log:
    def __init__(self, screen: Screen, place: dom.Node) -> None:
        self.screen = screen
        self.api = screen.app.api
        self.place = place
        self.after = ""
        self.shown = 0
        """Counts the lists that were asked for: what arrives of an earlier one is no longer wanted."""
        servers = screen.app.require_me().key_servers
        self.server = forms.choice_field("log-server", t("access.server"), [(url, url) for url in servers])
        self.server.node.hidden = len(servers) < 2
        events = [("", t("access.any")), *((event, t(f"log.{event}")) for event in access_log.EVENTS)]
        self.event = forms.choice_field("log-event", t("access.event"), events)
        self.who = forms.text_field("log-who", t("access.who"), kind="search", placeholder=t("access.who_hint"))
        self.report = forms.text_field(
            "log-report", t("access.report"), kind="search", placeholder=t("access.report_hint"), spellcheck="false"
        )
        self.result = dom.el("div", {"class": "panel panel-padded"})
        self.more = dom.el("div", {"class": "list-end"})
        self.waiting = dom.el("div")

    async def show(self) -> None:
        apply = dom.el("button", {"type": "submit", "class": "button"}, t("access.apply"))
        export = dom.button(t("access.export"), lambda _event: self.export(), icon_name="save")
        form = dom.el(
            "form",
            {"class": "log-filter", "role": "search"},
            self.event.node,
            self.who.node,
            self.report.node,
            self.server.node,
            dom.el("div", {"class": "button-row"}, apply, export),
        )

        async def first(event: Any) -> None:
            event.preventDefault()
            await self.first()

        dom.on(form, "submit", dom.single_flight(apply, first))
        text = dom.el("p", {"class": "soft"}, t("access.text"))
        dom.replace_children(self.place, text, form, self.waiting, self.result, self.more)
        await self.first()

    def wanted(self) -> dict[str, str]:
        report = "".join(self.report.value.split()).lower()  # as it was copied from a print-out, or typed
        return {"event": self.event.value, "who": self.who.value, "report_id": report}

    async def only(self, report_id: str) -> None:
        """All that happened to one report."""
        self.report.value, self.event.value, self.who.value = report_id, "", ""
        self.report.focus()
        await self.first()

    async def first(self) -> None:
        self.shown += 1
        self.after = ""
        entries = await self.page()
        if entries is not None:
            dom.replace_children(self.result, access_log_table.table(entries, self.only))

    async def older(self) -> None:
        entries = await self.page()
        if entries is not None:
            body = self.result.querySelector("tbody")
            dom.append(body, *[access_log_table.row(entry, self.only) for entry in entries])

    async def page(self) -> list[LogEntry] | None:
        """The next entries of the list that was asked for last; None when another has been asked for meanwhile."""
        asked = self.shown
        async with ProgressIndicator(t("log.loading"), self.waiting) as wait:
            wanted = {**self.wanted(), "after": self.after, "limit": str(PAGE)}
            entries, following = await access_log.of_institution(
                self.api, self.server.value, wanted, signal=wait.signal
            )
        if asked != self.shown:
            return None
        self.after = following or ""
        button = dom.button(t("access.more"), lambda _event: self.older()) if following else None
        dom.replace_children(self.more, button)
        return entries

    async def export(self) -> None:
        """Saves the entries that the filter chooses, all pages of them."""
        import js

        async with ProgressIndicator(t("access.exporting"), self.waiting) as wait:
            data = await access_log.as_csv(self.api, self.server.value, self.wanted(), signal=wait.signal)
        day = self.screen.app.clock.now().date().isoformat()
        blob = js.Blob.new([data], js_object({"type": "text/csv"}))
        url = js.URL.createObjectURL(blob)
        link = dom.el("a", {"href": url, "download": t("access.file", day=day), "hidden": True})
        dom.append(self.place, link)
        link.click()
        link.remove()
        dom.set_timeout(lambda: js.URL.revokeObjectURL(url), OBJECT_URL_LIFE)
        dom.announce(t("access.exported"))
