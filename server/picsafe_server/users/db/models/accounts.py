"""People, how they sign in, and what is known of their browsers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from picsafe_protocol.contracts import limits
from picsafe_server.users.db.models.base import DIGEST, ID, MOMENT, Base

PART_CHARACTERS = 40
"""Of a part: more than anybody types before what they look for is found."""


class Account(Base):
    """A person. Removed ones stay, so that reports keep their names; their address is free within their institution."""

    __tablename__ = "accounts"
    __table_args__ = (
        Index(
            "uq_accounts_email",
            "email",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_accounts_institution_id", "institution_id", "email"),
        Index("ix_accounts_institution_name", "institution_id", "name", "id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    email: Mapped[str] = mapped_column(String(limits.EMAIL_CHARACTERS))
    """Normalised: see `email_addresses.normalise`."""
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARACTERS))
    search: Mapped[str] = mapped_column(String(limits.NAME_CHARACTERS + 1 + limits.EMAIL_CHARACTERS))
    """See `display_names.search_text`."""
    country: Mapped[str] = mapped_column(String(2))
    institution_id: Mapped[str | None] = mapped_column(ForeignKey("institutions.id"))
    role: Mapped[str | None] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """None until the invitation is accepted."""
    created_at: Mapped[datetime] = mapped_column(MOMENT)
    joined_at: Mapped[datetime | None] = mapped_column(MOMENT)
    """When they joined their present institution: what was begun earlier is not open to them as a member of it."""
    disabled_at: Mapped[datetime | None] = mapped_column(MOMENT)
    removed_at: Mapped[datetime | None] = mapped_column(MOMENT)
    reset_at: Mapped[datetime | None] = mapped_column(MOMENT)
    """When a new password was last set with an invitation, instead of the old password: what was sent before stays
    closed.
    """
    reset_by: Mapped[str | None] = mapped_column(String(limits.NAME_CHARACTERS))
    """What the administrator who made that invitation was called then; None for the operator."""
    reset_by_email: Mapped[str | None] = mapped_column(String(limits.EMAIL_CHARACTERS))
    """Their address, which they cannot choose; None for the operator, and in rows from before it was kept."""
    reset_seen_at: Mapped[datetime | None] = mapped_column(MOMENT)
    """When the owner put away the notice about it."""


class AccountPart(Base):
    """A part of somebody's name or address, for the recipient search: see `search_index`."""

    __tablename__ = "account_parts"
    __table_args__ = (Index("ix_account_parts_institution_id", "institution_id", "part", "account_id"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    part: Mapped[str] = mapped_column(
        String(PART_CHARACTERS).with_variant(String(PART_CHARACTERS, collation="C"), "postgresql"), primary_key=True
    )
    """Sorted by code points, so that what begins alike stands together."""
    institution_id: Mapped[str | None] = mapped_column(ID)
    """The account's."""


class SignedInSession(Base):
    """A person signed in on a device. Ended sessions are deleted."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(DIGEST, unique=True)
    device: Mapped[str] = mapped_column(String(limits.DEVICE_CHARACTERS))
    created_at: Mapped[datetime] = mapped_column(MOMENT)
    last_used_at: Mapped[datetime] = mapped_column(MOMENT, index=True)
    expires_at: Mapped[datetime] = mapped_column(MOMENT, index=True)


class Invitation(Base):
    """Lets one person set a password once. There is one per account: a new invitation replaces the old."""

    __tablename__ = "invitations"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(DIGEST, unique=True)
    created_at: Mapped[datetime] = mapped_column(MOMENT)
    expires_at: Mapped[datetime] = mapped_column(MOMENT)
    used_at: Mapped[datetime | None] = mapped_column(MOMENT)
    made_by: Mapped[str | None] = mapped_column(String(limits.NAME_CHARACTERS))
    """The name of the administrator; None for the operator."""
    made_by_email: Mapped[str | None] = mapped_column(String(limits.EMAIL_CHARACTERS))


class SignInFailures(Base):
    """Recent failed sign-ins for one account (existing or not) or one client address. Subjects are hashes."""

    __tablename__ = "sign_in_failures"

    subject: Mapped[bytes] = mapped_column(DIGEST, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(MOMENT, index=True)
    count: Mapped[int]


class LookupWindow(Base):
    """How many addresses without an account somebody recently named. Subjects are hashes."""

    __tablename__ = "look_ups"

    subject: Mapped[bytes] = mapped_column(DIGEST, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(MOMENT, index=True)
    count: Mapped[int]


class KnownDevice(Base):
    """A browser that an account has signed in with, so that strangers who guess its password do not delay it. See
    `known_devices`.

    Neither the accounts that share a browser nor the browser itself can be identified.
    """

    __tablename__ = "known_devices"

    proof: Mapped[bytes] = mapped_column(DIGEST, primary_key=True)
    """Hash of the secret in the browser's cookie, together with the account."""
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    last_used_at: Mapped[datetime] = mapped_column(MOMENT, index=True)


class DraftSecret(Base):
    """What a secret for a draft that a browser keeps sealed is derived from; see `draft_secrets`."""

    __tablename__ = "draft_secrets"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    salt: Mapped[bytes] = mapped_column(DIGEST)
    """Random. Useless without the server's signing key."""
    created_at: Mapped[datetime] = mapped_column(MOMENT)
    ends_at: Mapped[datetime] = mapped_column(MOMENT, index=True)


class Correspondence(Base):
    """Who wrote to whom, for suggesting recipients."""

    __tablename__ = "correspondence"

    sender_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    recipient_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(MOMENT)
