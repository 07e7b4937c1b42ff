"""Tables of the cloud: what it knows about each package. They hold nothing of its content, its sender or its
recipients.
"""

from __future__ import annotations

from datetime import datetime

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from picsafe_server.runtime.key_fingerprints import known_keys_table

UPLOADING = "uploading"
STORED = "stored"
GONE = "gone"

EXPIRED = "expired"
DELETED = "deleted"


class Base(DeclarativeBase):
    """The cloud's own tables."""

    metadata = MetaData(
        naming_convention={"ix": "ix_%(column_0_label)s", "pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s"}
    )


class Package(Base):
    """A package that is being uploaded (`uploading`), complete (`stored`) or deleted (`gone`).

    A `gone` row stays as a permanent tombstone without content, so that nobody can store another package under the
    identifier of a report that expired or was withdrawn.
    """

    __tablename__ = "packages"
    __table_args__ = (
        Index("ix_packages_until", "region", "state", "until"),
        Index("ix_packages_began_at", "region", "state", "began_at"),
    )

    region: Mapped[str] = mapped_column(String(2), primary_key=True)
    report_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(500))
    """The user server whose grant began it: nobody else's grants reach this package."""
    state: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    """What the store calls this attempt; fresh for each, so that a late part of an old attempt never meets a new
    one.
    """
    session: Mapped[str] = mapped_column(Text)
    """What the store needs to go on with the upload: S3's upload identifier, or nothing."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    until: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    began_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    stored_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Lower-case hex, of the whole package."""
    pieces: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The list of hashes that its sender made of it: up to 512 KiB, which are only read when they are asked for."""
    digest: Mapped[str | None] = mapped_column(String(64))
    """That of the list: see `picsafe_protocol.crypto.package_digest`. None for a package whose sender made no list."""
    receipt: Mapped[str | None] = mapped_column(Text)
    gone_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    gone_because: Mapped[str | None] = mapped_column(String(10))


class Discard(Base):
    """Unreferenced bytes that the store has yet to delete; written in the transaction that removed the reference."""

    __tablename__ = "discards"

    region: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    session: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))


known_keys = known_keys_table(Base.metadata)
