"""The tray of the send screen: files chosen, captured or dropped, each prepared at once and shown with what was removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from picsafe_client import banner, dom
from picsafe_client.preparing import PreparedFile, new_blob, prepare
from picsafe_client.texts import duration, size, t
from picsafe_protocol.errors import LimitExceeded, PicSafeError
from picsafe_protocol.limits import MEDIA_COUNT

_INPUTS = (
    ("photo", "send.take_photo", "camera", {"accept": "image/*", "capture": "environment"}),
    ("video", "send.record_video", "video", {"accept": "video/*", "capture": "environment"}),
    ("sound", "send.record_sound", "sound", {"accept": "audio/*", "capture": True}),
    ("files", "send.choose", "plus", {"accept": "image/*,video/*,audio/*,.heic,.heif,.avif", "multiple": True}),
)
_KIND_ICONS = {"photo": "photo", "video": "video", "audio": "sound"}


class FileTray:
    """`node` goes on the page; `files` are those that are ready, in order. `changed` is called after every change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._urls: list[str] = []
        self._queue: asyncio.Lock = asyncio.Lock()
        self._chosen = 0
        self.files: list[PreparedFile] = []
        self.busy = 0
        self._list = dom.el("ul", {"class": "tray"})
        self._problems = dom.el("div", {"class": "stack"})
        self._error = dom.el("p", {"class": "field-error", "id": "send-files-error", "role": "alert", "hidden": True})
        buttons = dom.el("div", {"class": "button-row tray-buttons"})
        for kind, key, icon_name, attributes in _INPUTS:
            dom.append(buttons, self._picker(kind, key, icon_name, attributes))
        hint = dom.el("p", {"class": "field-hint"}, t("send.files_hint", count=MEDIA_COUNT))
        self.node = dom.el("div", {"class": "stack"}, buttons, hint, self._error, self._problems, self._list)

    def _picker(self, kind: str, key: str, icon_name: str, attributes: dict[str, Any]) -> dom.Node:
        """A file input behind a button of the usual looks; phones offer their camera for those with `capture`."""
        name = f"send-{kind}"
        field = dom.el(
            "input", {"type": "file", "id": name, "class": "for-ears tray-input", "tabindex": "-1", **attributes}
        )
        field.setAttribute("aria-label", t(key))
        dom.on(field, "change", lambda event: self._picked(event.target))
        kind_class = "" if kind == "files" else " tray-capture"
        button = dom.button(t(key), lambda _event: field.click(), icon_name=icon_name)
        return dom.el("span", {"class": f"tray-picker{kind_class}"}, button, field)

    def _picked(self, field: dom.Node) -> None:
        files = [field.files.item(index) for index in range(int(field.files.length))]
        field.value = ""  # the same file may be chosen again after it was removed
        self.add(files)

    def add(self, files: list[Any]) -> None:
        """Prepares JavaScript Files, one after the other; one that cannot be sent is named, and the others go on."""
        self.refuse("")
        for file in files:
            if self._chosen >= MEDIA_COUNT:
                self.refuse(t("send.too_many", count=MEDIA_COUNT))
                return
            self._chosen += 1
            self.busy += 1
            row = dom.el("li", {"class": "tray-row", "aria-busy": True}, self._waiting(str(file.name)))
            dom.append(self._list, row)
            dom.spawn(self._prepare(file, row))
        self._changed()

    async def _prepare(self, file: Any, row: dom.Node) -> None:
        try:
            async with self._queue:
                prepared = await prepare(file)
            if not row.isConnected:
                return  # removed, or the screen was left
            self.files.append(prepared)
            row.removeAttribute("aria-busy")
            dom.clear(row, *self._described(prepared, row))
            dom.announce(t("send.prepared", count=len(self.files)))
        except (PicSafeError, LimitExceeded) as error:
            self._chosen -= 1
            if row.isConnected:
                dom.remove(row)
                self._problem(error)
        finally:
            self.busy -= 1
            self._changed()

    def _problem(self, error: PicSafeError) -> None:
        def dismiss(_event: Any) -> None:
            dom.soon(lambda: dom.remove(node))

        node = banner.problem(error, on_dismiss=dismiss)
        dom.append(self._problems, node)

    def _waiting(self, name: str) -> dom.Node:
        return dom.el("span", {"class": "tray-waiting soft"}, t("send.preparing", name=name))

    def _described(self, file: PreparedFile, row: dom.Node) -> list[dom.Node]:
        facts = file.cleaned.description
        amount = size(file.size) + (f", {duration(facts.duration)}" if facts.duration else "")
        words = dom.el(
            "div",
            {"class": "tray-words"},
            dom.el("span", {"class": "tray-name"}, file.name),
            dom.el("span", {"class": "soft small"}, f"{t(f'send.kind.{facts.kind}')}, {amount}"),
        )
        for warning in file.cleaned.warnings:
            dom.append(words, dom.el("span", {"class": "tray-warning small"}, dom.icon("alert"), warning.sentence))

        def take_away(_event: Any) -> None:
            self.files.remove(file)
            self._chosen -= 1
            dom.soon(lambda: dom.remove(row))
            self._changed()

        remove = dom.icon_button(t("send.remove", name=file.name), "trash", take_away)
        return [self._picture(file), words, remove]

    def _picture(self, file: PreparedFile) -> dom.Node:
        if file.preview is None:
            icon = dom.icon(_KIND_ICONS[file.cleaned.description.kind])
            return dom.el("span", {"class": "tray-picture tray-no-picture"}, icon)
        import js

        url = str(js.URL.createObjectURL(new_blob([file.preview.data], "image/jpeg")))
        self._urls.append(url)
        return dom.el("img", {"class": "tray-picture", "src": url, "alt": ""})

    def refuse(self, text: str) -> None:
        """Shows what is missing; empty text takes it away."""
        self._error.textContent = text
        self._error.hidden = not text

    def drop(self) -> None:
        """Lets go of every file and picture."""
        import js

        for url in self._urls:
            js.URL.revokeObjectURL(url)
        self._urls.clear()
        self.files.clear()
        dom.clear(self._list)
