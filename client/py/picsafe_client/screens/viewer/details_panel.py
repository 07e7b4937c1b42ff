"""The details of a report next to its pictures: patient, time, author, body site, consent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from picsafe_client.i18n.texts import birth_date, duration, join_words, moment, noun, number, size, t
from picsafe_client.screens.viewer.labels import medium_label, site, type_name
from picsafe_client.screens.viewer.sender import Origin
from picsafe_client.ui import dom
from picsafe_client.ui.body_map import marked_figure
from picsafe_protocol.anatomy.body_sites import locate
from picsafe_protocol.format.consent import ConsentRecord, GiverRole, Purpose, Status
from picsafe_protocol.format.report import Medium, Report

ShowEvidence = Callable[[ConsentRecord, Any], None]
"""Shows the signature or recording of a record in the element that is given."""

Evidence = Callable[[ConsentRecord], dom.Node | None]
"""What stands below a record to show its signature or recording; None for nothing."""

VIEWS: Final = ("front_view", "back_view")
UNKNOWN: Final = "report.not_recorded"


class DetailsPanel:
    """The panel. The part about the medium that is shown changes with it; who opened it comes when it is known."""

    def __init__(self, report: Report, origin: Origin, show_evidence: ShowEvidence) -> None:
        self._report = report
        self._show_evidence = show_evidence
        self._medium = dom.el("div", {"class": "fact-group"})
        self.readers = dom.el("div", {"class": "fact-group", "hidden": True})
        self.node = dom.el(
            "aside",
            {"class": "facts-panel", "id": "report-facts", "aria-label": t("report.facts"), "tabindex": "0"},
            _notes(report),
            *_of_patient(report, origin),
            _consent(report, self._evidence),
            self._medium,
            self.readers,
        )

    def show_medium(self, index: int) -> None:
        """The facts of one medium."""
        medium, count = self._report.media[index], len(self._report.media)
        title = dom.el("h2", None, t(f"report.nth_{medium.kind}", number=index + 1, count=count))
        dom.replace_children(self._medium, title, _list(_medium_facts(medium, self._report)))

    def _evidence(self, record: ConsentRecord) -> dom.Node | None:
        if record.evidence is None:
            return None
        kind = "audio" if record.evidence.media_type.startswith("audio/") else "image"
        place = dom.el("div", {"class": "facts-evidence"})

        def show(_event: Any) -> None:
            self._show_evidence(record, place)

        dom.append(place, dom.button(t(f"report.evidence_{kind}"), show))
        return place

    def drop(self) -> None:
        """Nothing of a patient stays in the page."""
        for picture in self.node.querySelectorAll("img, audio"):
            picture.removeAttribute("src")
        dom.replace_children(self.node)


def facts_for_paper(report: Report, origin: Origin) -> list[dom.Child]:
    """The same facts for a printed page, where nothing can be pressed, with a line for each medium."""
    media = dom.el("ol", {"class": "print-media"})
    for index, medium in enumerate(report.media):
        label = ", ".join([medium_label(report, index), type_name(medium), size(medium.size)])
        dom.append(media, dom.el("li", None, label))
    files = dom.el("div", {"class": "fact-group"}, dom.el("h2", None, t("report.files")), media)
    return [_notes(report), *_of_patient(report, origin), _consent(report, lambda _record: None), files]


def _of_patient(report: Report, origin: Origin) -> list[dom.Node]:
    return [
        _group("report.patient", _patient(report)),
        _group("report.taken", _taken(report, origin), _figure(report)),
    ]


def _consent(report: Report, evidence: Evidence) -> dom.Node:
    title = dom.el("h2", None, t("report.consent"))
    if not report.consent:
        return dom.el("div", {"class": "fact-group"}, title, _notice("alert", "amber", t("report.no_consent")))
    latest, earlier = report.consent[-1], report.consent[:-1]
    group = dom.el("div", {"class": "fact-group"}, title, *_record(latest, evidence))
    if earlier:
        older = dom.el("details", {"class": "facts-earlier"}, dom.el("summary", None, t("report.consent_earlier")))
        for record in reversed(earlier):
            dom.append(older, dom.el("div", {"class": "facts-earlier-record"}, *_record(record, evidence)))
        dom.append(group, older)
    return group


def _record(record: ConsentRecord, evidence: Evidence) -> list[dom.Child]:
    if record.status is Status.WITHDRAWN:
        title = t("report.consent_withdrawn", moment=moment(record.recorded_at), giver=_giver(record))
        return [_notice("alert", "danger", title), _purposes(record) if record.purposes else None]
    words = t("report.consent_given", giver=_giver(record), method=t(f"report.method_{record.method.value}"))
    form = t("report.consent_form", version=record.form_text_version) if record.form_text_version else ""
    when = " · ".join(part for part in (moment(record.recorded_at), form) if part)
    return [dom.el("p", None, words), _purposes(record), dom.el("p", {"class": "soft small"}, when), evidence(record)]


def _group(title: str, facts: Iterable[tuple[str, str]], more: dom.Node | None = None) -> dom.Node:
    return dom.el("div", {"class": "fact-group"}, dom.el("h2", None, t(title)), _list(facts), more)


def _list(facts: Iterable[tuple[str, str]]) -> dom.Node:
    rows = dom.el("dl", {"class": "facts facts-narrow"})
    for name, value in facts:
        dom.append(rows, dom.el("dt", None, t(name)), dom.el("dd", None, value))
    return rows


def _patient(report: Report) -> list[tuple[str, str]]:
    patient = report.patient
    return [
        ("report.name", patient.name or t(UNKNOWN)),
        ("report.birth_date", birth_date(patient.birth_date) if patient.birth_date else t(UNKNOWN)),
        ("report.record_number", patient.record_number or t(UNKNOWN)),
    ]


def _taken(report: Report, origin: Origin) -> list[tuple[str, str]]:
    return [
        ("report.when", moment(report.captured_at)),
        *origin.rows(),
        ("report.site", site(report) or t(UNKNOWN)),
    ]


def _figure(report: Report) -> dom.Node | None:
    """Where on the body, as far as the words leave no doubt."""
    located = locate(report.body_site, report.laterality)
    drawing = marked_figure(located, t("figure.shows", site=site(report)))
    if drawing is None:
        return None
    sides = dom.el(
        "p", {"class": "body-views soft small"}, *(dom.el("span", None, t(f"figure.{view}")) for view in VIEWS)
    )
    return dom.el("div", {"class": "facts-figure"}, drawing, sides)


def _medium_facts(medium: Medium, report: Report) -> list[tuple[str, str]]:
    facts = []
    if medium.caption:
        facts.append(("report.caption", medium.caption))
    if medium.captured_at and medium.captured_at != report.captured_at:
        facts.append(("report.when", moment(medium.captured_at)))
    details = [type_name(medium)]
    if medium.width and medium.height:
        details.append(t("report.pixels", width=number(medium.width), height=number(medium.height)))
    if medium.duration is not None:
        details.append(duration(medium.duration))
    facts.append(("report.file", ", ".join([*details, size(medium.size)])))
    return facts


def _notes(report: Report) -> dom.Node | None:
    if not report.notes:
        return None
    words = dom.el("p", {"class": "facts-notes"}, report.notes)
    return dom.el("div", {"class": "fact-group"}, dom.el("h2", None, t("report.notes")), words)


def _giver(record: ConsentRecord) -> str:
    role = t(f"report.giver_{record.giver.role.value}")
    if record.giver.name and record.giver.role is not GiverRole.PATIENT:
        return t("report.giver_named", role=role, name=record.giver.name)
    return role


def _purposes(record: ConsentRecord) -> dom.Node:
    """Each purpose with "allowed" or "not allowed" in words, not by colour alone."""
    rows = dom.el("ul", {"class": "purposes"})
    for purpose in Purpose:
        allowed = record.permits(purpose)
        name = t(f"report.purpose_{purpose.value}")
        if purpose is Purpose.NAMED_PUBLICATION and allowed:
            name = t("report.purpose_publication_named", name=record.publication)
        row = dom.el(
            "li",
            {"class": "purpose purpose-allowed" if allowed else "purpose purpose-denied"},
            dom.icon("check" if allowed else "close"),
            dom.el("span", None, name),
            dom.el("span", {"class": "purpose-word"}, t("report.allowed" if allowed else "report.denied")),
        )
        dom.append(rows, row)
    return rows


def _notice(icon: str, kind: str, words: str) -> dom.Node:
    return dom.el("p", {"class": f"facts-notice facts-notice-{kind}"}, dom.icon(icon), dom.el("span", None, words))


def consent_words(report: Report) -> str:
    """What is permitted now, in one sentence, for the caption of a printed photo."""
    if not report.consent:
        return t("report.no_consent")
    latest = report.consent[-1]
    if latest.status is Status.WITHDRAWN:
        return t("report.consent_withdrawn", moment=moment(latest.recorded_at), giver=_giver(latest))
    allowed = [noun(t(f"report.purpose_{purpose.value}")) for purpose in Purpose if latest.permits(purpose)]
    words = t("report.consent_given", giver=_giver(latest), method=t(f"report.method_{latest.method.value}"))
    return f"{words} {t('report.consent_for', purposes=join_words(allowed) if allowed else t('report.nothing'))}"
