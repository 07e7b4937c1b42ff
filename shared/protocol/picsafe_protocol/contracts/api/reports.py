"""Reports: the row of the index, its lists, drafts, grants and live events (user server)."""

from __future__ import annotations

from dataclasses import field
from typing import Literal, TypeAlias

from picsafe_protocol.contracts.api.field_types import WHEN_ABSENT, Base64, Identifier, Moment
from picsafe_protocol.contracts.api.message import message

__all__ = [
    "Addressee",
    "Box",
    "Filing",
    "GrantAt",
    "InstitutionReaders",
    "MarkedReports",
    "NewReports",
    "OutboxToken",
    "Readers",
    "Recipient",
    "RemovedReport",
    "ReportBegun",
    "ReportPage",
    "ReportView",
    "SealedLabel",
    "SealedLabels",
    "Sender",
    "SignedGrant",
    "Suggestion",
    "Suggestions",
]

Box: TypeAlias = Literal["inbox", "sent"]


@message
class Sender:
    """Who sent a report. `institution` is its name."""

    id: str
    name: str
    email: str
    institution: str | None


@message
class Addressee:
    """Somebody to whom a report is addressed. `opened_at`: when they first read it, for its sender and themselves
    only.
    """

    id: str
    name: str
    email: str
    opened_at: str | None


@message
class Filing:
    """Somebody marked a report as filed in the record, at a time in UTC. `institution` is the name of theirs."""

    name: str
    email: str
    institution: str | None
    at: str


@message
class ReportView:
    """A report. `size` is in bytes; `digest` is that of its package, null when it is from before that; `opened_at` is
    by the caller, `collected_at` by any service account; `labelled`: it has a sealed label (format, section 10); its
    sender withdrew it at `withdrawn_at`; the caller marked it as done at `done_at`; `filed`: who marked it as filed, all
    of them for its sender, otherwise those of the caller's institution; times are UTC.
    """

    id: Identifier
    state: Literal["draft", "available", "expired", "withdrawn"]
    box: Box
    sender: Sender
    recipients: list[Addressee]
    region: str
    size: int | None
    digest: str | None
    created_at: str
    available_at: str | None
    expires_at: str
    unread: bool
    opened_at: str | None
    collected_at: str | None
    cloud_url: str
    keyserver_url: str
    labelled: bool = field(metadata={WHEN_ABSENT: False})
    withdrawn_at: str | None = field(metadata={WHEN_ABSENT: None})
    done_at: str | None = field(metadata={WHEN_ABSENT: None})
    filed: list[Filing] = field(metadata={WHEN_ABSENT: []})


@message
class SealedLabel:
    """The sealed label of a report (format, section 10), in base64."""

    report_id: Identifier
    label: Base64


@message
class SealedLabels:
    """Those of the requested reports that have a label and can be opened by the caller, in no order."""

    labels: list[SealedLabel]


@message
class OutboxToken:
    """Delivers one declared package without a session, until `ends_at`."""

    token: str
    ends_at: str


@message
class MarkedReports:
    """The reports of a request, as they are now. Those that left the caller's lists are missing."""

    reports: list[ReportView]


@message
class RemovedReport:
    """A live event: the report has left the caller's lists."""

    id: str


@message
class ReportPage:
    """Newest first. `next` goes on as `before`; null at the end."""

    reports: list[ReportView]
    next: str | None


@message
class NewReports:
    """Oldest first. `cursor` goes on as `after`, now or later; `more`: there is more already."""

    reports: list[ReportView]
    cursor: str
    more: bool


@message
class Recipient:
    """Somebody to whom a report goes. `institution` is its name."""

    id: str
    email: str
    name: str
    institution: str | None


@message
class InstitutionReaders:
    """An institution of the sender or of a recipient, by name. `members`: every member, administrators too, may open
    the report. `record_systems`: a machine of the institution gets it.
    """

    name: str
    members: bool
    record_systems: bool


@message
class Readers:
    """The recipients, in the order of their addresses in the request; then the institutions with more readers than
    those.
    """

    recipients: list[Recipient]
    institutions: list[InstitutionReaders]


@message
class GrantAt:
    """A grant for the server at `url`."""

    url: str
    grant: str


@message
class SignedGrant:
    """A grant for the server at `url`."""

    url: str
    grant: str
    expires_at: Moment


@message
class ReportBegun:
    """A draft: what its sender needs to encrypt and upload it. `institutions` as in `Readers`: who else can open it.
    `takes_label`: a sealed label (format, section 10) is wanted with the receipt.
    """

    report_id: Identifier
    region: str
    expires_at: str
    cloud: GrantAt
    keyserver: GrantAt
    recipients: list[Recipient]
    institutions: list[InstitutionReaders]
    takes_label: bool = field(metadata={WHEN_ABSENT: False})


@message
class Suggestion:
    """Somebody whom the caller may want to write to. `institution` is its name."""

    id: str
    email: str
    name: str
    institution: str | None


@message
class Suggestions:
    """Those last written to first."""

    recipients: list[Suggestion]
