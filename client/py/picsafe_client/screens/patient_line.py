"""Whose report it is, in one line: name, birth date and record number, wherever something is done with a report."""

from __future__ import annotations

from picsafe_client.session.patients import patient_facts, patient_title
from picsafe_client.ui import dom
from picsafe_protocol.format.report import Patient


def patient_line(patient: Patient) -> dom.Node:
    """The title, then what else tells apart two people of that name."""
    facts = [dom.el("span", {"class": "patient-fact"}, each) for each in patient_facts(patient)]
    return dom.el("p", {"class": "patient-line"}, dom.el("b", None, patient_title(patient)), *facts)
