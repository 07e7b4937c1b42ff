"""The file tray of the send screen: files that are chosen, captured, dropped or pasted are prepared at once and listed
with notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from picsafe_client.blobs import new_blob
from picsafe_client.drafting.content import KeptFile
from picsafe_client.drafting.draft_keeper import DraftKeeper
from picsafe_client.drafting.restoring import kept_file, prepared
from picsafe_client.drafting.sealed_draft import SealedDraft
from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import Phrase, duration, join_words, size, t
from picsafe_client.sending.media_preparation import PreparedFile, ProgressDelta, prepare
from picsafe_client.sending.package_builder import fits
from picsafe_client.ui import dom, notices
from picsafe_media.comparison import Comparison
from picsafe_protocol.contracts.errors import LimitExceeded, PicSafeError
from picsafe_protocol.contracts.limits import MEDIA_COUNT, PACKAGE_BYTES

_INPUTS: Final = (
    ("photo", "send.take_photo", "camera", {"accept": "image/*", "capture": "environment"}),
    ("video", "send.record_video", "video", {"accept": "video/*", "capture": "environment"}),
    ("sound", "send.record_sound", "sound", {"accept": "audio/*", "capture": True}),
    (
        "files",
        "send.choose",
        "plus",
        {"accept": "image/*,video/*,audio/*,.heic,.heif,.hif,.avif,.mpo,.mkv,.mka", "multiple": True},
    ),
)
Preparation: TypeAlias = Callable[[ProgressDelta], Awaitable[PreparedFile]]
"""What makes a file ready, telling how far it is."""
_KIND_ICONS: Final = {"photo": "photo", "video": "video", "audio": "sound"}
PROBLEMS: Final = 4
"""Files that cannot be sent are explained one by one up to so many; further ones are only named."""
TELLING: Final = frozenset({Comparison.NO_PICTURE, Comparison.TOO_LARGE})
"""Comparisons that failed for a reason which recipients may meet as well: told as soon as the file is there."""
NAMES: Final = 10
"""So many of them are named."""


class FileTray:
    """`node` goes on the page; `files` are those that are ready, in order. `changed` is called after every change."""

    def __init__(self, changed: Callable[[], None], keeper: DraftKeeper) -> None:
        self._changed = changed
        self._keeper = keeper
        self._urls: list[str] = []
        self._turns = asyncio.Lock()
        self._idle = asyncio.Event()
        self._idle.set()
        self._chosen = 0
        self._refused: list[str] = []
        self.files: list[PreparedFile] = []
        self.busy = 0
        self._list = dom.el("ul", {"class": "tray", "aria-label": t("send.files")})
        self._problems = dom.el("div", {"class": "tray-problems"})
        self._error = dom.el("p", {"class": "field-error", "id": "send-files-error", "role": "alert", "hidden": True})
        buttons = dom.el("div", {"class": "button-row tray-buttons"})
        for kind, key, icon_name, attributes in _INPUTS:
            dom.append(buttons, self._picker(kind, key, icon_name, attributes))
        hint = dom.el(
            "p", {"class": "field-hint"}, t("send.files_hint", count=MEDIA_COUNT, size=size(PACKAGE_BYTES)), " ",
            dom.el("span", {"class": "tray-drop-hint"}, t("send.drop_hint")),
        )  # fmt: skip
        self.node = dom.el("div", {"class": "tray-section"}, buttons, hint, self._error, self._problems, self._list)

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
        self.add(field.files)
        field.value = ""  # the same file may be chosen again after it was removed

    def add(self, files: Any) -> None:
        """Prepares the files of a JavaScript FileList, one after the other; one that cannot be sent is named, and the
        others go on.
        """
        self.set_error("")
        count = int(files.length)
        room = MEDIA_COUNT - self._chosen
        for index in range(min(count, room)):
            file = files.item(index)
            self._begin(file, self._keeper.add_file(file), partial(prepare, file))
        if count > room:
            self.set_error(t("send.too_many", count=MEDIA_COUNT, left=count - room))
        self._changed()

    def restore(self, draft: SealedDraft, files: Sequence[KeptFile]) -> None:
        """Goes on with the files of a draft."""
        for kept in files:
            self._begin(kept_file(draft, kept), kept.item, partial(prepared, draft, kept))
        self._changed()

    def _begin(self, file: Any, item: str, work: Preparation) -> None:
        self._chosen += 1
        self.busy += 1
        self._idle.clear()
        row = dom.el("li", {"class": "tray-row", "aria-busy": True})
        dom.append(self._list, row)
        self._waiting(row, str(file.name))
        dom.start_task(self._prepare(file, item, row, work))

    async def settled(self) -> None:
        """Returns when every file is either ready or refused."""
        await self._idle.wait()

    async def _prepare(self, file: Any, item: str, row: dom.Node, work: Preparation) -> None:
        ready = False
        try:
            async with self._turns:
                _look(row)
                found = await work(self._progress(file, row))
            _look(row)
            self._check_room(found)
            self.files.append(found)
            self._keeper.file_ready(item, found)
            row.removeAttribute("aria-busy")
            dom.replace_children(row, *self._described(found, item, row))
            ready = True
            dom.announce(t("send.prepared", count=len(self.files)))
        except PicSafeError as error:
            self._problem(error, str(file.name))
        except Cancelled:
            pass  # removed, or the screen was left
        finally:
            if not ready:
                self._keeper.remove_file(item)
                self._chosen -= 1
                dom.remove(row)
            self.busy -= 1
            if not self.busy:
                self._idle.set()
            self._changed()

    def _progress(self, file: Any, row: dom.Node) -> Callable[[int], None]:
        total, done = max(int(file.size), 1), 0
        words = row.querySelector(".tray-percent")

        def progress(count: int) -> None:
            nonlocal done
            _look(row)
            done += count
            words.textContent = t("send.percent", percent=min(100, done * 100 // total))

        return progress

    def _check_room(self, file: PreparedFile) -> None:
        if not fits([*self.files, file]):
            raise LimitExceeded(
                Phrase(t("send.no_room", name=file.name, size=size(PACKAGE_BYTES))),
                advice=Phrase(t("error.limit_exceeded.advice")),
                limit="PACKAGE_BYTES",
                maximum=PACKAGE_BYTES,
            )

    def _problem(self, error: PicSafeError, name: str) -> None:
        if not self.node.isConnected:
            return
        self._refused.append(name)
        if len(self._refused) > PROBLEMS:
            self._further_problems()
            return

        def dismiss(_event: Any) -> None:
            dom.defer(lambda: dom.remove(node))

        node = notices.error_notice(error, on_dismiss=dismiss)
        dom.append(self._problems, node)

    def _further_problems(self) -> None:
        """One message for all those beyond `PROBLEMS`."""
        names = self._refused[PROBLEMS:]
        shown = (
            names[:NAMES] if len(names) <= NAMES else [*names[:NAMES], t("send.more_names", count=len(names) - NAMES)]
        )
        found = self._problems.querySelector(".tray-further")
        if found:
            dom.remove(found)
        node = notices.notice("danger", t("send.further_refused", count=len(names)), join_words(shown))
        node.classList.add("tray-further")
        dom.append(self._problems, node)

    def _waiting(self, row: dom.Node, name: str) -> None:
        words = dom.el(
            "span",
            {"class": "tray-waiting soft"},
            t("send.preparing", name=name),
            " ",
            dom.el("span", {"class": "tray-percent number"}),
        )

        def give_up(_event: Any) -> None:
            dom.defer(lambda: dom.remove(row))

        dom.append(row, words, dom.icon_button(t("send.remove", name=name), "close", give_up))

    def _described(self, file: PreparedFile, item: str, row: dom.Node) -> list[dom.Node]:
        facts = file.cleaned.description
        amount = size(file.size) + (f", {duration(facts.duration)}" if facts.duration else "")
        words = dom.el(
            "div",
            {"class": "tray-words"},
            dom.el("span", {"class": "tray-name"}, file.name),
            dom.el("span", {"class": "soft small"}, f"{t(f'send.kind.{facts.kind}')}, {amount}"),
        )
        cautions = [t(f"caution.{warning.value}") for warning in file.cleaned.warnings]
        if file.comparison in TELLING:
            cautions.append(t(f"compared.{file.comparison.value}"))
        for caution in cautions:
            dom.append(words, dom.el("span", {"class": "tray-warning small"}, dom.icon("alert"), caution))

        def take_away(_event: Any) -> None:
            self.files.remove(file)
            self._keeper.remove_file(item)
            self._chosen -= 1
            dom.defer(lambda: dom.remove(row))
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

    def set_error(self, text: str) -> None:
        """Shows what is missing; empty text takes it away."""
        self._error.textContent = text
        self._error.hidden = not text

    def focus(self) -> None:
        """Puts the focus on the button that chooses files."""
        self.node.scrollIntoView()
        self.node.querySelector(".tray-picker:last-child button").focus()

    def drop(self) -> None:
        """Drops every file and picture, and stops preparing the others."""
        import js

        for url in self._urls:
            js.URL.revokeObjectURL(url)
        self._urls.clear()
        self.files.clear()
        dom.replace_children(self._list)
        dom.replace_children(self._problems)


def _look(row: dom.Node) -> None:
    """Raises `Cancelled` when the row has been taken off the page."""
    if not row.isConnected:
        raise Cancelled
