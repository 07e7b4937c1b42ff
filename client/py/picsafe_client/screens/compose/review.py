"""The review before sending: a summary of what is about to be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from picsafe_client.i18n.texts import birth_date, join_words, moment, noun, size, t
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.media_preparation import PreparedFile
from picsafe_client.ui import dom, notices
from picsafe_media.comparison import Comparison
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.consent import ConsentRecord, Purpose
from picsafe_protocol.format.report import Laterality

_KINDS = (("photo", "send.summary_photos"), ("video", "send.summary_videos"), ("audio", "send.summary_sounds"))


def summary(
    files: Sequence[PreparedFile], facts: ReportDetails, recipients: Sequence[str], readers: Readers
) -> dom.Node:
    """A list of facts; cautions about files that could not be cleaned stand above it. `recipients` are names or
    addresses.
    """
    rows: list[tuple[str, dom.Child]] = [
        (
            "send.summary_recipients",
            join_words(readers.person(*each) for each in zip(recipients, readers.of, strict=True)),
        ),
        ("send.summary_readers", _others(readers)),
        ("send.summary_patient", patient_words(facts)),
        ("send.summary_files", files_words(files)),
        ("send.summary_site", site_words(facts)),
        ("send.summary_taken", moment(facts.captured_at)),
        ("send.summary_notes", dom.el("span", {"class": "send-notes"}, facts.notes) if facts.notes else None),
        ("send.summary_consent", consent_words(facts.consent[-1] if facts.consent else None)),
        ("send.summary_removed", _removed(files)),
        ("send.summary_compared", _compared(files)),
    ]
    table = dom.el("dl", {"class": "facts"})
    for key, words in rows:
        if words:
            dom.append(table, dom.el("dt", None, t(key)), dom.el("dd", None, words))
    node = dom.el("div", {"class": "stack"})
    cautions = sorted(
        {
            t("send.about_file", name=file.name, words=t(f"caution.{each.value}"))
            for file in files
            for each in file.cleaned.warnings
        }
    )
    if cautions:
        dom.append(node, notices.notice("amber", t("send.know"), *cautions))
    dom.append(node, dom.el("div", {"class": "panel panel-padded"}, table))
    return node


def _others(readers: Readers) -> dom.Child:
    words = readers.words()
    return (
        words[0]
        if len(words) == 1
        else dom.el("ul", {"class": "send-removed"}, *[dom.el("li", None, each) for each in words])
    )


def patient_words(facts: ReportDetails) -> str:
    """Name, date of birth, record number."""
    patient = facts.patient
    born = t("send.summary_born", date=birth_date(patient.birth_date)) if patient.birth_date else ""
    number = t("send.summary_number", number=patient.record_number) if patient.record_number else ""
    return ", ".join(part for part in (patient.name, born, number) if part)


def files_words(files: Sequence[PreparedFile]) -> str:
    """Two photos and one video, 5.1 MB."""
    kinds: Counter[str] = Counter(file.cleaned.description.kind for file in files)
    words = join_words(t(key, count=kinds[kind]) for kind, key in _KINDS if kinds[kind])
    return t("send.summary_amount", what=words, size=size(sum(file.size for file in files)))


def site_words(facts: ReportDetails) -> str:
    """The body site with its side."""
    side = facts.laterality
    if side is None or side is Laterality.NONE:
        return facts.body_site
    return ", ".join(part for part in (facts.body_site, t(f"report.side_{side.value}")) if part)


def consent_words(record: ConsentRecord | None) -> str:
    """How, by whom and for what."""
    if record is None:
        return t("send.summary_consent_none")
    giver = noun(t(f"send.giver.{record.giver.role.value}"))
    if record.giver.name:
        giver = f"{record.giver.name} ({giver})"
    method = t(f"send.method.{record.method.value}")
    purposes = [_purpose_words(record, each) for each in Purpose if record.permits(each)]
    if not purposes:
        return t("send.summary_consent_nothing", method=method, giver=giver)
    return t("send.summary_consent_text", method=method, giver=giver, purposes=join_words(purposes))


def _purpose_words(record: ConsentRecord, purpose: Purpose) -> str:
    words = noun(t(f"send.purpose.{purpose.value}"))
    return f"{words} ({record.publication})" if purpose is Purpose.NAMED_PUBLICATION else words


def removed_words(files: Sequence[PreparedFile]) -> list[str]:
    """Everything that was removed from any of the files, each once."""
    return list(dict.fromkeys(t(f"removed.{each.value}") for file in files for each in file.cleaned.removed))


def compared_words(files: Sequence[PreparedFile]) -> list[str]:
    """How the cleaned copies compare with the originals: those that look the same together, the others each by its
    name.
    """
    same = sum(file.comparison is Comparison.SAME for file in files)
    if same == len(files):
        return [t("send.compared_all")]
    others = [
        t("send.about_file", name=file.name, words=t(f"compared.{file.comparison.value}"))
        for file in files
        if file.comparison is not Comparison.SAME
    ]
    return [*([t("send.compared_same", count=same)] if same else []), *others]


def _compared(files: Sequence[PreparedFile]) -> dom.Child:
    return dom.el("ul", {"class": "send-removed"}, *[dom.el("li", None, each) for each in compared_words(files)])


def _removed(files: Sequence[PreparedFile]) -> dom.Child:
    words = removed_words(files)
    return dom.el("ul", {"class": "send-removed"}, *[dom.el("li", None, each) for each in words]) if words else None
