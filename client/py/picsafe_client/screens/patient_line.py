"""Whose report it is, in one line: name, birth date and record number, wherever something is done with a report."""

from __future__ import annotations

from picsafe_client.i18n.texts import t
from picsafe_client.session.patients import patient_facts, patient_title
from picsafe_client.ui import dom
from picsafe_protocol.format.report import Patient


def patient_line(patient: Patient) -> dom.Node:
    """The title, then what else tells apart two people of that name."""
    facts = [dom.el("span", {"class": "patient-fact"}, each) for each in patient_facts(patient)]
    return dom.el("p", {"class": "patient-line"}, dom.el("b", None, patient_title(patient)), *facts)


def patient_name_tick(name: str) -> tuple[dom.Node, dom.Node]:
    """The tick by which file names get the patient's name, called `name`; and the node to show."""
    tick = dom.el("input", {"type": "checkbox", "id": name})
    label = dom.el("label", {"for": name}, t("save.with_patient"))
    hint = dom.el("p", {"class": "field-hint"}, t("save.with_patient_hint"))
    return tick, dom.el("div", {"class": "tick"}, tick, label, hint)
