"""What the live inbox is made of.

`changes` counts every change that somebody may see; the counter's row is locked in the transaction that makes the
change, so numbers have no gaps and become visible in order. `listings` holds the lists that an available report is in,
by the number under which it became available. `events` holds the audiences of each change.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from picsafe_server.users.db.models.base import AUDIENCE, ID, MOMENT, Base


class MailboxEntry(Base):
    """An available report in the list of one audience."""

    __tablename__ = "listings"

    audience: Mapped[str] = mapped_column(AUDIENCE, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)


class ChangeEvent(Base):
    """A change to be reported to one audience."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_audience", "audience", "sequence"),)

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    audience: Mapped[str] = mapped_column(AUDIENCE, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """`report`, `removed` or `session-ended`."""
    report_id: Mapped[str | None] = mapped_column(ID)
    at: Mapped[datetime] = mapped_column(MOMENT, index=True)


class ChangeCounter(Base):
    """One row: the number of the last change."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)
