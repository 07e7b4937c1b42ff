"""Institutions, their machines, and what was done to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from picsafe_protocol.contracts import limits
from picsafe_server.users.db.models.base import DIGEST, ID, MOMENT, URL, Base


class Institution(Base):
    """An enterprise account and its policy."""

    __tablename__ = "institutions"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARACTERS))
    retention_days: Mapped[int] = mapped_column(default=limits.REPORT_DAYS)
    idle_lock_minutes: Mapped[int] = mapped_column(default=limits.IDLE_LOCK_MINUTES)
    members_may_open: Mapped[str] = mapped_column(String(10), default="recipients")
    """`recipients`: named recipients alone; `members`: every member may open what a colleague sent or received."""
    labels: Mapped[str] = mapped_column(String(10), default="sealed", server_default="sealed")
    """`sealed`: members' new reports get a sealed label, see `reports/labels.py`; `none`: they get none."""
    key_servers: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What members may ask besides PicSafe's own; see `key_servers/allow_list.py`."""
    key_server: Mapped[str | None] = mapped_column(URL)
    """Where the keys of members' new reports are made; None for PicSafe's own."""
    created_at: Mapped[datetime] = mapped_column(MOMENT)
    removed_at: Mapped[datetime | None] = mapped_column(MOMENT)
    """Its row stays, so that its administration record and its members' names do."""


class InstitutionDomain(Base):
    """A mail domain that the operator approved for one institution: only within its domains can it add members."""

    __tablename__ = "institution_domains"

    domain: Mapped[str] = mapped_column(String(limits.EMAIL_CHARACTERS), primary_key=True)
    """In ASCII: see `email_addresses.checked_domain`."""
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(MOMENT)


class ServiceAccount(Base):
    """A machine user of an institution. Its token is `picsafe_st_<id>_<secret>`; only the hash of the secret is
    here.
    """

    __tablename__ = "service_accounts"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARACTERS))
    secret_hash: Mapped[bytes] = mapped_column(DIGEST)
    created_at: Mapped[datetime] = mapped_column(MOMENT)
    last_used_at: Mapped[datetime | None] = mapped_column(MOMENT)
    revoked_at: Mapped[datetime | None] = mapped_column(MOMENT)


class AdministrativeAct(Base):
    """An entry of an institution's administration record. Triggers ensure that entries are only ever added."""

    __tablename__ = "administrative_acts"
    __table_args__ = (Index("ix_administrative_acts_institution_id", "institution_id", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    at: Mapped[datetime] = mapped_column(MOMENT)
    who_id: Mapped[str | None] = mapped_column(ID)
    """None for the operator."""
    who_name: Mapped[str | None] = mapped_column(String(limits.NAME_CHARACTERS))
    """As they called themselves then."""
    who_email: Mapped[str | None] = mapped_column(String(limits.EMAIL_CHARACTERS))
    """None for the operator, and in lines from before it was kept."""
    act: Mapped[str] = mapped_column(String(30))
    """See `administration`."""
    whom_id: Mapped[str | None] = mapped_column(ID)
    whom_name: Mapped[str | None] = mapped_column(String(limits.EMAIL_CHARACTERS))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


class SecurityLine(Base):
    """A line of the security log. It names people by identifier; their addresses are looked up when it is read."""

    __tablename__ = "security_log"
    __table_args__ = (
        Index("ix_security_log_account_id", "account_id", "number"),
        Index("ix_security_log_institution_id", "institution_id", "number"),
    )

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(MOMENT, index=True)
    event: Mapped[str] = mapped_column(String(40))
    """See `security_log.SecurityEvent`."""
    account_id: Mapped[str | None] = mapped_column(ID)
    institution_id: Mapped[str | None] = mapped_column(ID)
    """The account's institution then."""
    actor: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[str | None] = mapped_column(ID)
    network: Mapped[str | None] = mapped_column(String(50))
    device: Mapped[str | None] = mapped_column(String(limits.DEVICE_CHARACTERS))
    details: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    """Further facts of an event, by name, for events that have some."""
