"""The patient bar: whose report it is, in sight at every width."""

from __future__ import annotations

from typing import Any

from picsafe_client.i18n.texts import birth_date, t
from picsafe_client.session.patients import patient_title
from picsafe_client.ui import dom, text_clipboard
from picsafe_protocol.format.report import Patient


class PatientBar:
    """Name, birth date and record number; below them site, date taken and sender."""

    def __init__(self) -> None:
        self._title = dom.el("h1", {"class": "toolbar-title"}, t("report.title"))
        self._facts = dom.el("p", {"class": "toolbar-patient"})
        self._about = dom.el("p", {"class": "toolbar-about"})
        self.node = dom.el("div", {"class": "toolbar-heading"}, self._title, self._facts, self._about)

    def show(self, patient: Patient, about: str) -> None:
        """Whose report it is; what of, when, and from whom. A press on the record number copies it."""
        number = patient.record_number
        if patient.name or not number:
            dom.replace_children(self._title, patient_title(patient))
        else:
            dom.replace_children(self._title, _copied_number(number))
        facts: list[dom.Child] = []
        if patient.birth_date:
            facts.append(dom.el("span", None, birth_date(patient.birth_date)))
        if patient.name and number:
            facts.append(_copied_number(number))
        dom.replace_children(self._facts, *facts)
        self._about.textContent = self._about.title = about  # in a narrow window only its beginning is seen

    def clear(self) -> None:
        """Nothing of a patient stays in the page."""
        dom.replace_children(self._title, t("report.title"))
        dom.replace_children(self._facts)
        self._about.textContent = self._about.title = ""


def _copied_number(number: str) -> dom.Node:
    async def copy(_event: Any) -> None:
        copied = await text_clipboard.write(number)
        dom.announce(t("report.number_copied" if copied else "report.number_not_copied"))
        button.classList.toggle("number-copied", copied)

    button = dom.button(number, copy, kind="quiet", icon_name="copy")
    button.classList.add("record-number")
    button.setAttribute("aria-label", t("report.copy_number", number=number))
    button.title = t("report.copy_number_hint")
    return button
