"""The index of reports, and what is known of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from picsafe_server.users.db.models.base import DIGEST, ID, MOMENT, URL, Base

DRAFT = "draft"
AVAILABLE = "available"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"


class Report(Base):
    """The index entry of a report. The user server does not know its content."""

    __tablename__ = "reports"
    __table_args__ = (
        Index("ix_reports_state", "state", "expires_at"),
        Index("ix_reports_sender_id", "sender_id", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    sender_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    region: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(10))
    """As last written; by the clock it may have expired since: see `visibility.state_of`."""
    created_at: Mapped[datetime] = mapped_column(MOMENT)
    expires_at: Mapped[datetime] = mapped_column(MOMENT)
    """Whole seconds, as tokens carry it."""
    available_at: Mapped[datetime | None] = mapped_column(MOMENT)
    withdrawn_at: Mapped[datetime | None] = mapped_column(MOMENT)
    collected_at: Mapped[datetime | None] = mapped_column(MOMENT)
    declared: Mapped[int | None] = mapped_column(BigInteger)
    """The most bytes that its sender said the package would have; None for reports from before this was asked."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes of the package."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))
    """See `picsafe_protocol.crypto.package_digest`: as its sender declared it, never as the cloud says. None for
    reports from before that.
    """
    digest_due: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it cannot become available without a digest: so for all that were begun since there are digests."""
    key_server: Mapped[str | None] = mapped_column(URL)
    """Where its key is, for good; None for PicSafe's own, in rows from before institutions could choose."""


def _of_report() -> Mapped[str]:
    return mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True)


class ReportRecipient(Base):
    """Somebody to whom a report is addressed."""

    __tablename__ = "report_recipients"

    report_id: Mapped[str] = _of_report()
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    position: Mapped[int]


class ReportInstitution(Base):
    """An institution of the sender or of a recipient, with its policy when the report was begun, as sent to the key
    server.
    """

    __tablename__ = "report_institutions"

    report_id: Mapped[str] = _of_report()
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    members: Mapped[bool]
    """Whether all its members may open the report; its service accounts always may."""


class ReportLabel(Base):
    """The sealed label of a report that can be opened: ciphertext, as its sender handed it in. A table of its own, so that
    lists need not read it.
    """

    __tablename__ = "report_labels"

    report_id: Mapped[str] = _of_report()
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Of one of `format.label.SEALED_LABEL_SIZES`. Gone when the report is withdrawn or over; never changed."""


class OutboxToken(Base):
    """Lets a page deliver one report without a session; see `reports/outbox.py`. What it may deliver is fixed here."""

    __tablename__ = "outbox_tokens"

    report_id: Mapped[str] = _of_report()
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    """The sender's."""
    token_hash: Mapped[bytes] = mapped_column(DIGEST, unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    label: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed, as its sender made it."""
    ends_at: Mapped[datetime] = mapped_column(MOMENT, index=True)


class ReportOpened(Base):
    """When a person first read a report."""

    __tablename__ = "openings"

    report_id: Mapped[str] = _of_report()
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(MOMENT)


class ReportMark(Base):
    """What a person said of a report that they received: see `reports/marks.py`. Without either time there is no row."""

    __tablename__ = "report_marks"

    report_id: Mapped[str] = _of_report()
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    done_at: Mapped[datetime | None] = mapped_column(MOMENT)
    filed_at: Mapped[datetime | None] = mapped_column(MOMENT)


class WithdrawalCall(Base):
    """A call to another server that a withdrawal still owes: written with the withdrawal, deleted once it succeeded."""

    __tablename__ = "withdrawal_calls"

    report_id: Mapped[str] = _of_report()
    action: Mapped[str] = mapped_column(String(20), primary_key=True)
    """`key.revoke` or `package.delete`."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(MOMENT, index=True)
