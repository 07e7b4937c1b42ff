"""Send a report: choose, describe, look once more, send; then how far it is and who has opened it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picsafe_client import banner, dialogue, dom
from picsafe_client.outbox import Outgoing
from picsafe_client.router import address
from picsafe_client.screens import Screen
from picsafe_client.screens.send_facts import FactFields
from picsafe_client.screens.send_files import FileTray
from picsafe_client.screens.send_recipients import RecipientPicker
from picsafe_client.screens.send_summary import summary
from picsafe_client.texts import date, moment, size, t
from picsafe_protocol.errors import UnknownRecipient


class SendScreen(Screen):
    """Form, summary, progress, result: one at a time; the form stays as it was while the summary is shown."""

    title = "send.title"

    async def show(self, params: Mapping[str, str]) -> None:
        self._stage = dom.el("div", {"class": "stack"})
        dom.append(self.root, self._stage)
        self._form: dom.Node = None
        outgoing = Outgoing.current(self.app)
        if outgoing is not None:
            self._show_progress(outgoing)
        else:
            self._show_form()

    @property
    def unsaved(self) -> bool:
        if self._form is not None:
            return bool(self.tray.files or self.tray.busy or not self.facts.patient.is_empty)
        outgoing = Outgoing.current(self.app)
        return outgoing is not None and outgoing.phase == "encrypting"

    def drop_plaintext(self) -> None:
        outgoing = Outgoing.current(self.app)
        if outgoing is not None and outgoing.phase == "encrypting":
            outgoing.stop()
        if self._form is not None:
            self.tray.drop()
            self._form = None
        dom.clear(self.root)

    # -- the form

    def _show_form(self) -> None:
        self.tray = FileTray(self._files_changed)
        self.facts = FactFields(self.app.clock.now)
        self.people = RecipientPicker(self.app.api, lambda: None)
        check = dom.el("button", {"type": "submit", "class": "button button-primary"}, t("send.check"))
        form = dom.el("form", {"class": "send-form", "novalidate": True})
        dom.append(
            form,
            _section("send.files", self.tray.node),
            _section("send.patient", self.facts.patient.node),
            _section("send.picture", self.facts.picture.node),
            _section("send.consent", self.facts.consent.node),
            _section("send.recipients", self.people.node),
            dom.el("div", {"class": "button-row"}, check),
        )
        dom.on(form, "submit", self._check)
        self._form = form
        self._show(t("send.title"), dom.el("p", {"class": "soft"}, t("send.promise")), form)

    def _files_changed(self) -> None:
        if self.tray.files:
            self.tray.refuse("")
            self.facts.picture.learn(self.tray.files[0].medium(1).captured_at)

    def _check(self, event: Any) -> None:
        event.preventDefault()
        if self.tray.busy:
            return
        if not self.tray.files:
            self.tray.refuse(t("send.files_missing"))
            self.tray.node.scrollIntoView()
            self.tray.node.querySelector("button").focus()
            return
        if self.facts.check():
            if self.people.settle():
                self._show_summary()
            else:
                self.people.field.focus()

    # -- the summary

    def _show_summary(self) -> None:
        facts = self.facts.facts()
        recipients = [self.people.name(email) for email in self.people.emails]
        send = dom.button(t("send.now"), lambda _event: dom.soon(self._send), kind="primary", icon_name="lock")
        edit = dom.button(t("send.edit"), lambda _event: dom.soon(self._edit), icon_name="edit")
        self._form.hidden = True
        page = dom.el(
            "div",
            {"class": "stack", "id": "send-summary"},
            dom.el("h1", {"tabindex": "-1"}, t("send.summary_title")),
            summary(self.tray.files, facts, recipients),
            dom.el("p", {"class": "soft"}, t("send.promise")),
            dom.el("div", {"class": "button-row"}, send, edit),
        )
        self._hide_heading(hidden=True)
        dom.append(self._stage, page)
        page.querySelector("h1").focus()
        dom.window().scrollTo(0, 0)

    def _edit(self) -> None:
        dom.remove(dom.by_id("send-summary"))
        self._hide_heading(hidden=False)
        self._form.hidden = False
        self._form.querySelector("button").focus()

    def _hide_heading(self, *, hidden: bool) -> None:
        for node in self._stage.children:
            if not node.isSameNode(self._form):
                node.hidden = hidden

    def _send(self) -> None:
        outgoing = Outgoing(self.app)
        outgoing.begin(list(self.tray.files), self.facts.facts(), list(self.people.emails))
        self._show_progress(outgoing)

    # -- on its way

    def _show_progress(self, outgoing: Outgoing) -> None:
        bar = dom.el("progress", {"class": "send-bar", "aria-label": t("send.going_title"), "max": 1})
        words = dom.el("p", {"class": "send-words", "role": "status"})
        amount = dom.el("p", {"class": "soft number"})
        pause = dom.button(t("send.pause"), lambda _event: outgoing.toggle(), hidden=True)
        label = pause.querySelector(".button-label")
        stop = dom.button(t("send.stop"), lambda _event: self._stop(outgoing))
        panel = dom.el("div", {"class": "panel panel-padded stack"}, words, bar, amount)
        node = dom.el(
            "div", {"class": "stack", "id": "send-progress"}, dom.el("h1", {"tabindex": "-1"}, t("send.going_title")), panel,
            dom.el("div", {"class": "button-row"}, pause, stop), dom.el("p", {"class": "soft"}, t("send.leave_open")),
        )  # fmt: skip
        self._hide_all()
        dom.append(self._stage, node)
        node.querySelector("h1").focus()

        def update() -> None:
            if not outgoing.is_under_way:
                off()
                dom.soon(lambda: self._ended(outgoing, node))
                return
            _set(words, _going_words(outgoing))
            bar.max, bar.value = max(outgoing.total, 1), min(outgoing.done, outgoing.total)
            _set(
                amount, f"{size(min(outgoing.done, outgoing.total))} / {size(outgoing.total)}" if outgoing.total else ""
            )
            pause.hidden = outgoing.phase != "uploading"
            _set(label, t("send.resume" if outgoing.paused else "send.pause"))

        off = outgoing.watch(update)
        self.on_release(off)
        update()

    def _hide_all(self) -> None:
        for node in self._stage.children:
            node.hidden = True

    async def _stop(self, outgoing: Outgoing) -> None:
        if await dialogue.confirm(t("send.stop_title"), t("send.stop_text"), t("send.stop"), danger=True):
            outgoing.stop()
            self._let_go()
            self._show_form()
            dom.append(dom.by_id("banner"), banner.notice("plain", t("send.stopped")))

    def _ended(self, outgoing: Outgoing, node: dom.Node) -> None:
        if self.app.screen is not self:
            return
        outgoing.forget()
        if outgoing.phase == "arrived":
            self._let_go()
            self._show_done(outgoing.report)
        elif isinstance(outgoing.error, UnknownRecipient) and self._form is not None:
            self._back_to_form(node)
            self.people.mark_unknown(outgoing.error.recipients or [])
        else:
            self._show_failed(outgoing, node)

    def _back_to_form(self, node: dom.Node) -> None:
        dom.remove(node)
        found = dom.document().getElementById("send-summary")
        if found:
            dom.remove(found)
        self._hide_heading(hidden=False)
        self._form.hidden = False

    def _show_failed(self, outgoing: Outgoing, node: dom.Node) -> None:
        error = outgoing.error or RuntimeError("sending ended without a reason")

        def again(_event: Any) -> None:
            dom.soon(lambda: self._again(node))

        place = dom.el("div", {"class": "stack"}, dom.el("h1", {"tabindex": "-1"}, t("send.title")))
        dom.append(place, banner.problem(error, means=t("send.failed"), actions=[(t("send.try_again"), again)]))
        dom.clear(node, place)

    def _again(self, node: dom.Node) -> None:
        dom.remove(node)
        if self._form is None:
            self._show_form()
        else:
            self._back_to_form_or_summary()

    def _back_to_form_or_summary(self) -> None:
        found = dom.document().getElementById("send-summary")
        if found:
            found.hidden = False
            found.querySelector("h1").focus()
        else:
            self._form.hidden = False

    def _let_go(self) -> None:
        """The files and facts are no longer needed."""
        if self._form is not None:
            self.tray.drop()
            self._form = None
        dom.clear(self._stage)

    # -- arrived

    def _show_done(self, report: Any) -> None:
        where = t(f"region_adjective.{report['region']}")
        people = dom.el("ul", {"class": "send-people"})
        another = dom.button(t("send.another"), lambda _event: dom.soon(self._start_over), icon_name="camera")
        sent = dom.el("a", {"class": "button", "href": address("sent")}, t("send.to_sent"))
        self._show(
            t("send.done_title"),
            banner.notice("good", t("send.arrived", adjective=where, date=date(report["expires_at"]))),
            dom.el("h2", None, t("send.done_recipients")),
            dom.el("div", {"class": "panel panel-padded"}, people),
            dom.el("div", {"class": "button-row"}, another, sent),
        )
        self._show_people(people, report)

        def heard(kind: str, data: Mapping[str, Any]) -> None:
            if kind == "report" and data["id"] == report["id"]:
                self._show_people(people, data)

        self.on_release(self.app.subscribe(heard))

    def _show_people(self, place: dom.Node, report: Mapping[str, Any]) -> None:
        rows = []
        for person in report["recipients"]:
            opened = person["opened_at"]
            words = t("send.opened_at", moment=moment(opened)) if opened else t("send.not_opened")
            rows.append(
                dom.el("li", None, dom.el("span", None, person["name"]), dom.el("span", {"class": "soft"}, words))
            )
        dom.clear(place, *rows)

    def _start_over(self) -> None:
        dom.clear(self._stage)
        self._show_form()

    def _show(self, heading: str, *content: dom.Child) -> None:
        dom.clear(self._stage, dom.el("h1", {"tabindex": "-1"}, heading), *content)


def _section(key: str, *content: dom.Child) -> dom.Node:
    name = key.replace(".", "-") + "-heading"
    return dom.el(
        "section",
        {"class": "panel panel-padded stack", "aria-labelledby": name},
        dom.el("h2", {"id": name}, t(key)),
        *content,
    )


def _going_words(outgoing: Outgoing) -> str:
    if outgoing.locked:
        return t("send.locked")
    if outgoing.paused:
        return t("send.paused")
    if outgoing.waiting:
        return t("send.waiting")
    return t("send.uploading" if outgoing.phase == "uploading" else "send.encrypting")


def _set(node: dom.Node, text: str) -> None:
    if node.textContent != text:  # or screen readers would say it again
        node.textContent = text
