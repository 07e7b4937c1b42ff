"""Prints photos with the details that identify the patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from picsafe_client.i18n.texts import birth_date, moment, t
from picsafe_client.screens.viewer.details_panel import consent_words, facts_for_paper
from picsafe_client.screens.viewer.labels import site
from picsafe_client.screens.viewer.sender import Origin
from picsafe_client.screens.viewer.stage.media_cache import ShownMedia
from picsafe_client.session.patients import patient_title
from picsafe_client.ui import dialogs, dom
from picsafe_client.ui.print_layout import PrintedPhoto
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.report import Report


def photos_of(report: Report) -> list[int]:
    """The media that can be printed."""
    return [index for index, medium in enumerate(report.media) if medium.kind == "photo"]


def page(report: Report, origin: Origin, index: int, url: str, printed_by: str, now: Any) -> PrintedPhoto:
    """One photo with its facts."""
    medium, patient = report.media[index], report.patient
    facts = [
        ("report.birth_date", birth_date(patient.birth_date) if patient.birth_date else ""),
        ("report.record_number", patient.record_number),
        ("report.site", site(report)),
        ("report.when", moment(medium.captured_at or report.captured_at)),
        *origin.lines(),
        ("report.caption", medium.caption),
        ("report.consent", consent_words(report)),
    ]
    number = t("report.nth_photo", number=index + 1, count=len(report.media))
    return PrintedPhoto(
        url,
        patient_title(patient),
        [(t(name), value) for name, value in facts if value],
        t("print.footer", number=number, moment=moment(now), name=printed_by),
    )


async def pages(
    report: Report, origin: Origin, indices: Sequence[int], media: ShownMedia, printed_by: str, now: Any
) -> list[PrintedPhoto]:
    """The pages of several photos, which are fetched for it; those that must not be decoded are left out."""
    made = []
    for index in indices:
        with suppress(PictureRefused):
            made.append(page(report, origin, index, await media.url(index), printed_by, now))
    return made


def cover(report: Report, origin: Origin, printed_by: str, now: Any) -> dom.Node:
    """The first page of a printed report: all its facts, and what it holds."""
    footer = t("print.footer", number=t("print.count", count=len(report.media)), moment=moment(now), name=printed_by)
    return dom.el(
        "section",
        {"class": "print-cover"},
        dom.el("h1", None, patient_title(report.patient)),
        *facts_for_paper(report, origin),
        dom.el("p", {"class": "print-footer"}, footer),
    )


def ask(report: Report, index: int, chosen: Callable[[Sequence[int], bool], None]) -> None:
    """Asks for what to print: this photo, all of them, or the whole report; `chosen` gets the choice, and whether to
    print a cover.
    """
    photos = photos_of(report)
    opened: dom.Node = None

    def choice(label: str, which: Sequence[int], *, first: bool, covered: bool = False) -> dom.Node:
        def pick(_event: Any) -> None:
            dialogs.close(opened)
            chosen(which, covered)

        return dom.button(label, pick, kind="primary" if first else "", autofocus=first)

    actions = []
    if index in photos:
        actions.append(choice(t("print.this"), [index], first=True))
    if photos and photos != [index]:
        actions.append(choice(t("print.all", count=len(photos)), photos, first=not actions))
    actions.append(choice(t("print.report"), photos, first=not actions, covered=True))
    actions.append(dom.button(t("action.cancel"), lambda _event: dialogs.close(opened)))
    text = t("print.text") if photos else t("print.nothing")
    opened = dialogs.show(t("print.title"), dom.el("p", None, text), actions=tuple(actions))
