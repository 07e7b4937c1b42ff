"""Whose reports the lists show: what this session has read of it, in memory until the page locks.

A label is what the sender said before the report was opened. What the report says replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picsafe_client.i18n.texts import birth_date, t
from picsafe_client.observable import Observable
from picsafe_protocol.format.label import Label
from picsafe_protocol.format.report import Laterality, Patient, Report


class Patients:
    """Facts by report. `turn` is another number after each lock: what was on its way then must not be kept."""

    def __init__(self) -> None:
        self.changes: Observable[set[str]] = Observable()
        """The identifiers of reports of which something became known, or that cannot be read."""
        self.turn = 0
        self._labels: dict[str, Label] = {}
        self._opened: set[str] = set()
        self._failures: dict[str, str] = {}

    def of(self, report_id: str) -> Label | None:
        """What is known of a report."""
        return self._labels.get(report_id)

    def name(self, report_id: str) -> str | None:
        """How the patient of a report is called in a list; None when that is not known."""
        label = self.of(report_id)
        return None if label is None else patient_title(label.patient)

    def searched(self, report_id: str) -> list[str]:
        """What a search over the lists compares: patient, number, birth date as people write it, and body site."""
        label = self.of(report_id)
        return [] if label is None else list(_searched(label))

    def is_opened(self, report_id: str) -> bool:
        """Whether the report has been opened in this session."""
        return report_id in self._opened

    def failure(self, report_id: str) -> str | None:
        """The code of the error for which the label of a report could not be read."""
        return self._failures.get(report_id)

    def learn(self, labels: Mapping[str, Label], failures: Mapping[str, str] | None = None) -> None:
        """Take in what labels say, and which could not be read and why. Reports that were opened stay as they are."""
        for report_id, label in labels.items():
            if report_id not in self._opened:
                self._labels[report_id] = label
                self._failures.pop(report_id, None)
        self._failures |= {each: code for each, code in (failures or {}).items() if each not in self._labels}
        self.changes.notify({*labels, *(failures or {})})

    def opened(self, report: Report) -> Label | None:
        """Take in what an open report says. Returns the label where that said something else."""
        said, label = self._labels.get(report.report_id), Label.of(report)
        self._labels[report.report_id] = label
        self._opened.add(report.report_id)
        self._failures.pop(report.report_id, None)
        self.changes.notify({report.report_id})
        return said if said != label else None

    def try_again(self) -> None:
        """Labels that could not be read may be read again."""
        self._failures.clear()

    def remove(self, report_id: str) -> None:
        """Forget a report that is no longer there."""
        self._labels.pop(report_id, None)
        self._opened.discard(report_id)
        self._failures.pop(report_id, None)

    def forget(self) -> None:
        """Forget everything, at once."""
        self.turn += 1
        self._labels.clear()
        self._opened.clear()
        self._failures.clear()


def patient_title(patient: Patient) -> str:
    """How a patient is called: by name, else by record number."""
    return patient.name or patient.record_number or t("report.unnamed")


def patient_facts(patient: Patient) -> list[str]:
    """Birth date and record number, as far as they are known; the number is the title where there is no name."""
    born = birth_date(patient.birth_date) if patient.birth_date else ""
    number = patient.record_number if patient.name else ""
    return [each for each in (born, number) if each]


def site_words(body_site: str, laterality: Laterality | None) -> str:
    """Body site and side: "Forearm, left"; empty when neither is known."""
    side = t(f"report.side_{laterality.value}") if laterality else ""
    place = body_site[:1].upper() + body_site[1:]
    return ", ".join(part for part in (place, side) if part)


def _searched(label: Label) -> Iterable[str]:
    patient = label.patient
    yield from (patient.name, patient.record_number, site_words(label.body_site, label.laterality))
    if patient.birth_date:
        year, month, day = patient.birth_date.split("-")
        yield from (patient.birth_date, birth_date(patient.birth_date))
        yield from (f"{day}{mark}{month}{mark}{year}" for mark in "./-")
        yield f"{int(day)}/{int(month)}/{year} {int(day)}.{int(month)}.{year}"
