"""The facts of the send screen: patient, what the pictures show, consent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from picsafe_client.i18n.texts import t
from picsafe_client.ui import body_map, dom, forms
from picsafe_protocol.anatomy.body_sites import locate
from picsafe_protocol.contracts.limits import NAME_CHARACTERS, NOTES_CHARACTERS
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.consent import ConsentRecord, Giver, GiverRole, Method, Purpose, Status
from picsafe_protocol.format.report import Laterality, Patient
from picsafe_protocol.json.timestamps import is_date, utc_text

CLOCKS_DIFFER: Final = timedelta(hours=1)
"""A camera's clock may be so much ahead of the servers'; further ahead, somebody has mistyped the day."""

_INVISIBLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters and halves of characters, which come along with pasted text and have no place in `report.json`."""


def visible(text: str) -> str:
    """What a person sees of `text`."""
    return _INVISIBLE.sub("", text).strip()


def line(text: str) -> str:
    """What a person sees of `text`, in one line."""
    return " ".join(visible(text).split())


class PatientFields:
    """Name, date of birth, record number: at least one of the first and the last."""

    def __init__(self) -> None:
        plain: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false", "maxlength": NAME_CHARACTERS}
        self.name = forms.text_field("send-patient-name", t("send.patient_name"), **plain)
        self.number = forms.text_field("send-record-number", t("send.record_number"), optional=True, **plain)
        self.born = forms.text_field("send-birth-date", t("send.birth_date"), kind="date", optional=True)
        pair = dom.el("div", {"class": "send-pair"}, self.born.node, self.number.node)
        self.node = dom.el("div", {"class": "form"}, self.name.node, pair)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been entered."""
        return not (self.name.value or self.number.value or self.born.value)

    def check(self, today: datetime) -> bool:
        """Whether this says who the patient is; shows and focuses what is wrong."""
        self.name.clear_error()
        self.born.clear_error()
        if self.born.value and (
            not is_date(self.born.value) or self.born.value > today.astimezone().date().isoformat()
        ):
            self.born.set_error(t("send.birth_date_future"))
            self.born.focus()
            return False
        if not (line(self.name.value) or line(self.number.value)):
            self.name.set_error(t("send.patient_missing"))
            self.name.focus()
            return False
        return True

    def patient(self) -> Patient:
        """The patient."""
        return Patient(line(self.name.value), self.born.value or None, line(self.number.value))


class PictureFields:
    """Body site, side, when they were taken, notes."""

    def __init__(self, now: datetime) -> None:
        self.site = forms.text_field(
            "send-body-site", t("send.body_site"), optional=True, hint=t("send.body_site_hint"), list="send-sites",
            autocomplete="off", maxlength=NAME_CHARACTERS,
        )  # fmt: skip
        sites = dom.el(
            "datalist",
            {"id": "send-sites"},
            *[dom.el("option", {"value": site}) for site in t("send.body_sites").split("|")],
        )
        sides = {"": t("send.side.unset")} | {side.value: t(f"send.side.{side.value}") for side in Laterality}
        self.side = forms.choice_field("send-side", t("send.side"), sides, optional=True)
        self.taken = forms.text_field(
            "send-captured-at", t("send.captured_at"), kind="datetime-local", max="9999-12-31T23:59"
        )
        self.notes = forms.text_field("send-notes", t("send.notes"), optional=True, lines=4, maxlength=NOTES_CHARACTERS)
        self._touched = False
        dom.on(self.taken.control, "input", lambda _event: self._touch())
        self._suggest(now)
        self._figure = body_map.chooser(self._pointed)
        for control, event in ((self.site.control, "input"), (self.side.control, "change")):
            dom.on(control, event, lambda _event: self._mark())
        pair = dom.el("div", {"class": "send-pair"}, self.side.node, self.taken.node)
        where = dom.el("div", {"class": "send-where"}, self.site.node, self._figure)
        self.node = dom.el("div", {"class": "form"}, where, sites, pair, self.notes.node)

    def _pointed(self, site: str, side: str) -> None:
        """A click on the figure."""
        self.site.value = site
        self.side.value = side
        self._mark()

    def _mark(self) -> None:
        side = self.side.value
        body_map.mark(self._figure, locate(line(self.site.value), Laterality(side) if side else None))

    def _touch(self) -> None:
        self._touched = True

    def _suggest(self, moment: datetime) -> None:
        self.taken.value = (
            moment.astimezone().replace(tzinfo=None, microsecond=0, second=0).isoformat(timespec="minutes")
        )

    def suggest_time(self, captured_at: str | None) -> None:
        """The time that the first file's device noted, unless the person has given one."""
        if captured_at and not self._touched:
            self._suggest(datetime.fromisoformat(captured_at))

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been entered; the time is suggested."""
        return not (self.site.value or self.notes.value or self.side.value or self._touched)

    def check(self, now: datetime) -> bool:
        """Whether the time is there and is none to come; shows and focuses it when not."""
        self.taken.clear_error()
        moment = self._moment()
        if moment is not None and moment <= now + CLOCKS_DIFFER:
            return True
        self.taken.set_error(t("send.captured_at_missing" if moment is None else "send.captured_at_future"))
        self.taken.focus()
        return False

    def captured_at(self) -> str:
        """The time with this computer's offset. Raises `ValueError` unless `check` was content."""
        moment = self._moment()
        if moment is None:
            raise ValueError("no time was given")
        return moment.isoformat()

    def _moment(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.taken.value).astimezone().replace(microsecond=0)
        except (ValueError, OverflowError):
            return None


class ConsentFields:
    """How consent was given, by whom, and for what."""

    def __init__(self) -> None:
        methods = {"": t("send.method.unset")} | {each.value: t(f"send.method.{each.value}") for each in Method}
        self.method = forms.choice_field("send-method", t("send.consent_method"), methods)
        givers = {each.value: t(f"send.giver.{each.value}") for each in GiverRole}
        self.giver = forms.choice_field("send-giver", t("send.consent_giver"), givers)
        self.name = forms.text_field(
            "send-giver-name", t("send.consent_name"), optional=True, autocomplete="off", maxlength=NAME_CHARACTERS
        )
        self.publication = forms.text_field("send-publication", t("send.publication"), maxlength=NAME_CHARACTERS)
        self._purposes: dict[Purpose, dom.Node] = {}
        group = dom.el("fieldset", {"class": "field"}, dom.el("legend", {"class": "field-label"}, t("send.purposes")))
        for purpose in Purpose:
            node, tick = forms.checkbox(
                f"send-purpose-{purpose.value}", t(f"send.purpose.{purpose.value}"), purpose is Purpose.TREATMENT
            )
            self._purposes[purpose] = tick
            dom.append(group, node)
            dom.on(tick, "change", lambda _event: self._arrange())
        pair = dom.el("div", {"class": "send-pair"}, self.giver.node, self.name.node)
        self._details = dom.el("div", {"class": "form"}, pair, group, self.publication.node)
        self.node = dom.el("div", {"class": "form"}, self.method.node, self._details)
        for control in (self.method.control, self.giver.control):
            dom.on(control, "change", lambda _event: self._arrange())
        self._arrange()

    def _arrange(self) -> None:
        self._details.hidden = not self.method.value
        self.name.node.hidden = self.giver.value == GiverRole.PATIENT.value
        self.publication.node.hidden = not self._purposes[Purpose.NAMED_PUBLICATION].checked

    def check(self) -> bool:
        """Whether a named publication has its name."""
        self.publication.clear_error()
        wanted = self.method.value and self._purposes[Purpose.NAMED_PUBLICATION].checked
        if wanted and not line(self.publication.value):
            self.publication.set_error(t("send.publication_missing"))
            self.publication.focus()
            return False
        return True

    def record(self, now: datetime) -> ConsentRecord | None:
        """The consent, None when none is recorded."""
        if not self.method.value:
            return None
        giver = GiverRole(self.giver.value)
        purposes = frozenset(purpose for purpose, tick in self._purposes.items() if tick.checked)
        return ConsentRecord(
            recorded_at=utc_text(now),
            status=Status.GIVEN,
            giver=Giver(giver, "" if giver is GiverRole.PATIENT else line(self.name.value)),
            method=Method(self.method.value),
            purposes=purposes,
            publication=line(self.publication.value) if Purpose.NAMED_PUBLICATION in purposes else "",
        )


class DetailsForm:
    """All of them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.patient = PatientFields()
        self.picture = PictureFields(now())
        self.consent = ConsentFields()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been entered."""
        return self.patient.is_empty and self.picture.is_empty and not self.consent.method.value

    def check(self) -> bool:
        """Whether everything is as it must be; the first thing that is not has the focus."""
        now = self._now()
        return self.patient.check(now) and self.picture.check(now) and self.consent.check()

    def facts(self) -> ReportDetails:
        """What was entered."""
        record = self.consent.record(self._now())
        side: Any = self.picture.side.value
        return ReportDetails(
            patient=self.patient.patient(),
            captured_at=self.picture.captured_at(),
            body_site=line(self.picture.site.value),
            laterality=Laterality(side) if side else None,
            notes=visible(self.picture.notes.value),
            consent=(record,) if record else (),
        )
