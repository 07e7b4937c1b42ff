"""A report that cannot be opened: what happened, what it means for the patient data, and a button that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom, notices
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import (
    AccessError,
    DecryptionError,
    DigestMismatch,
    DigestMissing,
    FormatError,
    Gone,
    InvalidKey,
    InvalidPackage,
    KeyDestroyed,
    KeyRevoked,
    KeyServerNotAllowed,
    NotAsSent,
    NotFound,
    PicSafeError,
    ReportExpired,
    ServiceError,
    Tampered,
    Truncated,
    UnsupportedVersion,
    WrongKey,
)

MEANINGS: Final[tuple[tuple[type[PicSafeError], str], ...]] = (
    (KeyServerNotAllowed, "report.means_not_asked"),
    (InvalidPackage, "report.means_not_ours"),
    (UnsupportedVersion, "report.means_untouched"),
    (DigestMissing, "report.means_not_trusted"),
    (NotAsSent, "report.means_not_sent"),
    (DigestMismatch, "report.means_not_shown"),
    (DecryptionError, "report.means_not_trusted"),
    (FormatError, "report.means_not_shown"),
    (Gone, "report.means_gone"),
    (AccessError, "report.means_untouched"),
    (NotFound, "report.means_untouched"),
    (ServiceError, "report.means_still_there"),
)
"""What each kind of failure means for the patient data; the first that fits."""

LASTING: Final = (Gone, KeyServerNotAllowed, InvalidPackage, UnsupportedVersion, NotFound, AccessError)
"""Failures that trying again does not mend."""

ASK_SENDER: Final = (Gone, DigestMismatch, DigestMissing, FormatError, AccessError)
"""Failures that only the sender can mend."""

UNAUTHENTICATED: Final = (InvalidPackage, InvalidKey, Tampered, Truncated, WrongKey)
"""What shows before bytes have been authenticated. Of a report from a cloud it says nothing but that something has
changed it.
"""


def opening_error_notice(
    error: BaseException,
    *,
    row: ReportView | None,
    from_disk: bool,
    retry: Callable[[], None],
    choose_file: Callable[[], None],
    leave: Callable[[], None],
) -> dom.Node:
    """The notice that takes the place of the report. `row` is what the user server says of the report, where it knows it."""
    if not from_disk and isinstance(error, UNAUTHENTICATED):
        error = NotAsSent()
    actions: list[notices.Action] = []
    is_sender_in_doubt = isinstance(error, NotAsSent) and error.what == "sender"
    if not (isinstance(error, LASTING) or is_sender_in_doubt):
        actions.append((t("action.retry"), lambda _event: retry()))
    if from_disk:
        actions.append((t("report.choose_file"), lambda _event: choose_file()))
    if row is not None and row.box == "inbox" and (isinstance(error, ASK_SENDER) or is_sender_in_doubt):
        actions.append((t("report.ask_sender", name=row.sender.name), lambda _event: _write(row)))
    actions.append((t("action.back_to_inbox"), lambda _event: leave()))
    return notices.error_notice(error, means=meaning(error, from_disk=from_disk), actions=actions)


def meaning(error: BaseException, *, from_disk: bool = False) -> str:
    """What a failure means for the patient data."""
    if from_disk and isinstance(error, ServiceError):
        return t("report.means_on_disk")
    if isinstance(error, NotAsSent) and error.what == "sender":
        return t("report.means_sender_unclear")
    for kind, key in MEANINGS:
        if isinstance(error, kind):
            if isinstance(error, KeyDestroyed | KeyRevoked | ReportExpired):
                return t("report.means_gone_for_all")
            return t(key)
    return t("error.nothing_lost")


def _write(row: ReportView) -> None:
    """Begins an e-mail to the sender: about which report, by its time; nothing of a patient, nobody here knows any."""
    subject = quote(t("report.ask_subject"))
    dom.window().location.href = f"mailto:{quote(row.sender.email, safe='@')}?subject={subject}"
