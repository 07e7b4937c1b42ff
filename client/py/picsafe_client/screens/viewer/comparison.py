"""Compares the open report with another one, side by side: choosing it, opening it, and warning when the patients
differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import date, t
from picsafe_client.reports.open_report import OpenReport
from picsafe_client.reports.package_sources import ReconnectPolicy
from picsafe_client.screens.patient_line import patient_line
from picsafe_client.screens.report_loader import ReportLoader
from picsafe_client.screens.screen import Screen
from picsafe_client.screens.viewer.dialogs.save_dialog import Done, Saver
from picsafe_client.screens.viewer.label_warning import label_warning
from picsafe_client.screens.viewer.labels import site
from picsafe_client.screens.viewer.stage.media_cache import BrowserBlobs, ShownMedia
from picsafe_client.screens.viewer.stage.media_source import MediaSource
from picsafe_client.screens.viewer.stage.pane import Pane
from picsafe_client.screens.viewer.stage.stage import Stage
from picsafe_client.screens.viewer.stage.stream_urls import BrowserStreams
from picsafe_client.session import mailbox
from picsafe_client.session.patients import patient_facts, patient_title
from picsafe_client.session.view_state import PaneView
from picsafe_client.ui import dialogs, dom, notices
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.format.report import Patient, Report

SHOWN: Final = 50
"""Rows of the choice; the filter finds the others."""
FIRST: Final = PaneView(0)


@dataclass(frozen=True)
class _Second:
    """Everything that exists while another report is open."""

    opened: OpenReport[Any]
    media: ShownMedia
    saver: Saver
    pane: Pane

    def close(self) -> None:
        """At once: key, bytes and facts."""
        self.opened.close()
        self.media.close()
        self.saver.close()


class ReportComparison:
    """The second report of the screen, if there is one: a pane on the stage like that of the first."""

    def __init__(self, screen: Screen, stage: Stage, report: Report, waiting: dom.Node, saved: Done) -> None:
        self._screen = screen
        self._app = screen.app
        self._stage = stage
        self._report = report
        self._waiting = waiting
        self._saved = saved
        self._second: _Second | None = None
        self._is_over = False

    @property
    def is_open(self) -> bool:
        """Whether another report is beside this one."""
        return self._second is not None

    @property
    def view(self) -> tuple[str, PaneView] | None:
        """The other report, and how it is being looked at."""
        second = self._second
        return None if second is None else (second.opened.report.report_id, second.pane.view)

    def reopen(self, report_id: str, view: PaneView, *, is_active: bool) -> None:
        """The other report that was beside this one before the page was locked."""
        self._screen.start_task(self._open(report_id, view, is_active=is_active))

    def toggle(self) -> None:
        """Asks for a report, or closes the one that is there."""
        if self.is_open:
            self.dismiss()
        else:
            self._ask()

    def dismiss(self) -> None:
        """One report again."""
        second, self._second = self._second, None
        if second is not None:
            self._stage.remove(second.pane)
            second.close()

    def close(self) -> None:
        """At once, and for good: key, bytes and facts of the second report."""
        self._is_over = True
        second, self._second = self._second, None
        if second is not None:
            second.close()

    # -- choosing

    def _ask(self) -> None:
        rows = dom.el("div", {"class": "choices beside-rows"})
        words = dom.el(
            "input",
            {"class": "input", "type": "search", "aria-label": t("beside.filter"), "placeholder": t("beside.filter")},
        )
        opened = dialogs.show(t("beside.title"), dom.el("p", None, t("beside.text")), words, rows)

        def fill(_event: Any = None) -> None:
            at = rows.querySelector(":focus")
            dom.replace_children(rows, *(self._choice(each, opened) for each in self._matching(str(words.value))))
            if not rows.hasChildNodes():
                dom.append(rows, dom.el("p", {"class": "soft"}, t("beside.none")))
            if at:  # the list was rebuilt while somebody was choosing by keyboard
                same = rows.querySelector(f'[data-id="{at.dataset.id}"]')
                (same or words).focus()

        dom.on(words, "input", fill)
        fill()
        words.focus()
        self._screen.start_task(self._load_boxes(fill, opened))

    async def _load_boxes(self, fill: Callable[[], None], opened: dom.Node) -> None:
        """After a deep link the lists are not there yet."""
        for box in self._app.boxes.values():
            if not box.is_loaded:
                await box.refresh()
                if opened.isConnected:
                    fill()

    def _matching(self, words: str) -> list[ReportView]:
        """Those of which this session knows the patient first, of them the same patient's; at most `SHOWN`."""
        patients, mine = self._app.patients, self._report.patient

        def rank(row: ReportView) -> int:
            label = patients.of(row.id)
            return 2 if label is None else int(same_patient(label.patient, mine) is False)

        found = [each for each in self._others() if mailbox.matches(each, words, patients.searched(each.id))]
        return sorted(found, key=rank)[:SHOWN]

    def _others(self) -> Iterator[ReportView]:
        seen = {self._report.report_id}
        for box in self._app.boxes.values():
            for row in box.reports:
                if row.id not in seen and row.state == mailbox.AVAILABLE:
                    seen.add(row.id)
                    yield row

    def _choice(self, row: ReportView, opened: dom.Node) -> dom.Node:
        name = self._app.patients.name(row.id)
        sender = mailbox.sender_of(row)
        when = date(row.available_at or row.created_at)

        def chosen(_event: Any) -> None:
            dialogs.close(opened)
            self._screen.start_task(self._open(row.id))

        title = dom.el("span", {"class": "choice-title"}, name or t("beside.from", name=sender))
        about = dom.el(
            "span", {"class": "choice-name"}, t("beside.from", name=sender) if name else t("beside.unopened")
        )
        words = dom.el("span", {"class": "choice-words"}, title, about)
        icon = dom.icon("sent" if row.box == "sent" else "inbox")
        settings = {"type": "button", "class": "choice", "data-id": row.id}
        button = dom.el("button", settings, icon, words, dom.el("span", {"class": "choice-size"}, when))
        dom.on(button, "click", chosen)
        return button

    # -- opening

    async def _open(self, report_id: str, view: PaneView = FIRST, *, is_active: bool = False) -> None:
        opening = ReportLoader(self._app, ReconnectPolicy(lambda _waiting: None))
        try:
            async with ProgressIndicator(t("report.fetching_report"), self._waiting) as wait:
                opened = await cancellable(wait, opening.from_cloud(report_id, wait))
        except Cancelled:
            return
        if self._is_over or self.is_open:
            opened.close()
            return
        self._show(opened, view, is_active=is_active)
        await opening.tell_opened()

    def _show(self, opened: OpenReport[Any], view: PaneView, *, is_active: bool) -> None:
        other, media = opened.report, ShownMedia(opened, BrowserBlobs(), BrowserStreams())
        saver = Saver(opened, media, self._waiting, self._saved, self._app.api)

        def save_medium(index: int) -> None:
            self._screen.start_task(saver.save_medium(index))

        pane = self._stage.add(MediaSource(other, media, save_medium), view)
        if is_active:
            self._stage.activate(pane)
        self._second = _Second(opened, media, saver, pane)
        said = self._app.patients.opened(other)
        if said is not None:
            self._waiting.append(label_warning(said))
        captions = (_caption(self._report), _caption(other))
        self._stage.set_captions(captions, _warning(self._report.patient, other.patient))


def same_patient(one: Patient, other: Patient) -> bool | None:
    """Whether two reports are of one person: False when anything known differs, None when too little is known to
    say.
    """
    facts = [
        (one.record_number.strip(), other.record_number.strip()),
        (one.birth_date, other.birth_date),
        (" ".join(one.name.casefold().split()), " ".join(other.name.casefold().split())),
    ]
    record, birth, name = (bool(mine) and bool(theirs) for mine, theirs in facts)
    if any(mine and theirs and mine != theirs for mine, theirs in facts):
        return False
    return True if record or (birth and name) else None


def _caption(report: Report) -> dom.Node:
    about = " · ".join(part for part in (date(report.captured_at), site(report)) if part)
    return dom.el(
        "p",
        {"class": "pane-caption"},
        patient_line(report.patient),
        dom.el("span", None, about),
    )


def _warning(one: Patient, other: Patient) -> dom.Node | None:
    same = same_patient(one, other)
    if same:
        return None
    title = t("beside.differ") if same is False else t("beside.unclear")
    text = t("beside.differ_text", one=_who(one), other=_who(other))
    return notices.notice("danger" if same is False else "amber", title, text)


def _who(patient: Patient) -> str:
    return ", ".join((patient_title(patient), *patient_facts(patient)))
