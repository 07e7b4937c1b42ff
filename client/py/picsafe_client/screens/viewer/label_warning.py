"""A warning: the list named other facts than the report that was opened."""

from __future__ import annotations

from picsafe_client.i18n.texts import birth_date, date, t
from picsafe_client.session.patients import patient_title, site_words
from picsafe_client.ui import dom, notices
from picsafe_protocol.format.label import Label


def label_warning(label: Label) -> dom.Node:
    """`label` is what the list said; the report itself says what the screen shows."""
    patient = label.patient
    facts = [
        patient_title(patient),
        birth_date(patient.birth_date) if patient.birth_date else "",
        patient.record_number if patient.name else "",
        site_words(label.body_site, label.laterality),
        date(label.captured_at),
    ]
    said = ", ".join(part for part in facts if part)
    return notices.notice("danger", t("patients.differ"), t("patients.differ_text", facts=said))
