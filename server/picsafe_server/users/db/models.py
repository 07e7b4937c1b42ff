"""The user server's database: people and machines, and the index of reports. No patient data anywhere.

Three tables serve the live inbox. `changes` counts every change that somebody may see; the counter's row is locked in
the transaction that makes the change, so numbers have no gaps and become visible in order. `listings` holds the lists
that an available report is in, by the number under which it became available. `events` holds the audiences of each
change.
"""

from __future__ import annotations

from datetime import datetime

from advanced_alchemy.base import create_registry
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from picsafe_protocol.contracts import limits
from picsafe_server.runtime.key_fingerprints import known_keys_table

_ID = String(26)
_AUDIENCE = String(40)
_MOMENT = DateTimeUTC(timezone=True)
_DIGEST = LargeBinary(32)
_URL = String(limits.URL_CHARACTERS)

PART_CHARACTERS = 40
"""Of a part: more than anybody types before what they look for is found."""

DRAFT = "draft"
AVAILABLE = "available"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"


class Base(DeclarativeBase):
    """The user server's own tables; other roles have registries of their own."""

    registry = create_registry()


class Institution(Base):
    """An enterprise account and its policy."""

    __tablename__ = "institutions"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARACTERS))
    retention_days: Mapped[int] = mapped_column(default=limits.REPORT_DAYS)
    idle_lock_minutes: Mapped[int] = mapped_column(default=limits.IDLE_LOCK_MINUTES)
    members_may_open: Mapped[str] = mapped_column(String(10), default="recipients")
    """`recipients`: named recipients alone; `members`: every member may open what a colleague sent or received."""
    labels: Mapped[str] = mapped_column(String(10), default="sealed", server_default="sealed")
    """`sealed`: members' new reports get a sealed label, see `reports/labels.py`; `none`: they get none."""
    key_servers: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What members may ask besides PicSafe's own; see `key_servers/allow_list.py`."""
    key_server: Mapped[str | None] = mapped_column(_URL)
    """Where the keys of members' new reports are made; None for PicSafe's own."""
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    removed_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    """Its row stays, so that its administration record and its members' names do."""


class InstitutionDomain(Base):
    """A mail domain that the operator approved for one institution: only within its domains can it add members."""

    __tablename__ = "institution_domains"

    domain: Mapped[str] = mapped_column(String(limits.EMAIL_CHARACTERS), primary_key=True)
    """In ASCII: see `email_addresses.checked_domain`."""
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(_MOMENT)


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

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
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
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    joined_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    """When they joined their present institution: what was begun earlier is not open to them as a member of it."""
    disabled_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    removed_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    reset_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    """When a new password was last set with an invitation, instead of the old password: what was sent before stays
    closed.
    """
    reset_by: Mapped[str | None] = mapped_column(String(limits.NAME_CHARACTERS))
    """What the administrator who made that invitation was called then; None for the operator."""
    reset_by_email: Mapped[str | None] = mapped_column(String(limits.EMAIL_CHARACTERS))
    """Their address, which they cannot choose; None for the operator, and in rows from before it was kept."""
    reset_seen_at: Mapped[datetime | None] = mapped_column(_MOMENT)
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
    institution_id: Mapped[str | None] = mapped_column(_ID)
    """The account's."""


class ServiceAccount(Base):
    """A machine user of an institution. Its token is `picsafe_st_<id>_<secret>`; only the hash of the secret is
    here.
    """

    __tablename__ = "service_accounts"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    name: Mapped[str] = mapped_column(String(limits.NAME_CHARACTERS))
    secret_hash: Mapped[bytes] = mapped_column(_DIGEST)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    last_used_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    revoked_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class SignedInSession(Base):
    """A person signed in on a device. Ended sessions are deleted."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(_DIGEST, unique=True)
    device: Mapped[str] = mapped_column(String(limits.DEVICE_CHARACTERS))
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    last_used_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)


class Invitation(Base):
    """Lets one person set a password once. There is one per account: a new invitation replaces the old."""

    __tablename__ = "invitations"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(_DIGEST, unique=True)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    used_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    made_by: Mapped[str | None] = mapped_column(String(limits.NAME_CHARACTERS))
    """The name of the administrator; None for the operator."""
    made_by_email: Mapped[str | None] = mapped_column(String(limits.EMAIL_CHARACTERS))


class AdministrativeAct(Base):
    """An entry of an institution's administration record. Triggers ensure that entries are only ever added."""

    __tablename__ = "administrative_acts"
    __table_args__ = (Index("ix_administrative_acts_institution_id", "institution_id", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    at: Mapped[datetime] = mapped_column(_MOMENT)
    who_id: Mapped[str | None] = mapped_column(_ID)
    """None for the operator."""
    who_name: Mapped[str | None] = mapped_column(String(limits.NAME_CHARACTERS))
    """As they called themselves then."""
    who_email: Mapped[str | None] = mapped_column(String(limits.EMAIL_CHARACTERS))
    """None for the operator, and in lines from before it was kept."""
    act: Mapped[str] = mapped_column(String(30))
    """See `administration`."""
    whom_id: Mapped[str | None] = mapped_column(_ID)
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
    at: Mapped[datetime] = mapped_column(_MOMENT, index=True)
    event: Mapped[str] = mapped_column(String(40))
    """See `security_log.SecurityEvent`."""
    account_id: Mapped[str | None] = mapped_column(_ID)
    institution_id: Mapped[str | None] = mapped_column(_ID)
    """The account's institution then."""
    actor: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[str | None] = mapped_column(_ID)
    network: Mapped[str | None] = mapped_column(String(50))
    device: Mapped[str | None] = mapped_column(String(limits.DEVICE_CHARACTERS))
    details: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    """Further facts of an event, by name, for events that have some."""


class SignInFailures(Base):
    """Recent failed sign-ins for one account (existing or not) or one client address. Subjects are hashes."""

    __tablename__ = "sign_in_failures"

    subject: Mapped[bytes] = mapped_column(_DIGEST, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)
    count: Mapped[int]


class LookupWindow(Base):
    """How many addresses without an account somebody recently named. Subjects are hashes."""

    __tablename__ = "look_ups"

    subject: Mapped[bytes] = mapped_column(_DIGEST, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)
    count: Mapped[int]


class KnownDevice(Base):
    """A browser that an account has signed in with, so that strangers who guess its password do not delay it. See
    `known_devices`.

    Neither the accounts that share a browser nor the browser itself can be identified.
    """

    __tablename__ = "known_devices"

    proof: Mapped[bytes] = mapped_column(_DIGEST, primary_key=True)
    """Hash of the secret in the browser's cookie, together with the account."""
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    last_used_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)


class DraftSecret(Base):
    """What a secret for a draft that a browser keeps sealed is derived from; see `draft_secrets`."""

    __tablename__ = "draft_secrets"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    salt: Mapped[bytes] = mapped_column(_DIGEST)
    """Random. Useless without the server's signing key."""
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    ends_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)


class Report(Base):
    """The index entry of a report. The user server does not know its content."""

    __tablename__ = "reports"
    __table_args__ = (
        Index("ix_reports_state", "state", "expires_at"),
        Index("ix_reports_sender_id", "sender_id", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    sender_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    region: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(10))
    """As last written; by the clock it may have expired since: see `visibility.state_of`."""
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    """Whole seconds, as tokens carry it."""
    available_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    withdrawn_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    collected_at: Mapped[datetime | None] = mapped_column(_MOMENT)
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
    key_server: Mapped[str | None] = mapped_column(_URL)
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
    token_hash: Mapped[bytes] = mapped_column(_DIGEST, unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    label: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed, as its sender made it."""
    ends_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)


class ReportOpened(Base):
    """When a person first read a report."""

    __tablename__ = "openings"

    report_id: Mapped[str] = _of_report()
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(_MOMENT)


class ReportMark(Base):
    """What a person said of a report that they received: see `reports/marks.py`. Without either time there is no row."""

    __tablename__ = "report_marks"

    report_id: Mapped[str] = _of_report()
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    done_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    filed_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class WithdrawalCall(Base):
    """A call to another server that a withdrawal still owes: written with the withdrawal, deleted once it succeeded."""

    __tablename__ = "withdrawal_calls"

    report_id: Mapped[str] = _of_report()
    action: Mapped[str] = mapped_column(String(20), primary_key=True)
    """`key.revoke` or `package.delete`."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)


class MailboxEntry(Base):
    """An available report in the list of one audience."""

    __tablename__ = "listings"

    audience: Mapped[str] = mapped_column(_AUDIENCE, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)


class ChangeEvent(Base):
    """A change to be reported to one audience."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_audience", "audience", "sequence"),)

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    audience: Mapped[str] = mapped_column(_AUDIENCE, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """`report`, `removed` or `session-ended`."""
    report_id: Mapped[str | None] = mapped_column(_ID)
    at: Mapped[datetime] = mapped_column(_MOMENT, index=True)


class ChangeCounter(Base):
    """One row: the number of the last change."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class Correspondence(Base):
    """Who wrote to whom, for suggesting recipients."""

    __tablename__ = "correspondence"

    sender_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    recipient_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(_MOMENT)


class KeyServerLog(Base):
    """The newest checkpoint of a key server's access log that was consistent with all before; see `checkpoints`."""

    __tablename__ = "key_server_logs"

    key_server: Mapped[str] = mapped_column(_URL, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(_DIGEST)
    note: Mapped[str] = mapped_column(Text)
    """The checkpoint as it was signed: evidence."""
    seen_at: Mapped[datetime] = mapped_column(_MOMENT)
    proven_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    """When the key server last proved that its log had only grown; None while it never has."""
    unproven: Mapped[str | None] = mapped_column(Text)
    """The first later checkpoint of a larger log for which no proof has come; None while none is waited for."""
    unproven_since: Mapped[datetime | None] = mapped_column(_MOMENT)
    contradiction: Mapped[str | None] = mapped_column(Text)
    """How a later checkpoint contradicts it; None while none does."""
    contradicted_by: Mapped[str | None] = mapped_column(Text)
    """That checkpoint: the other half of the evidence."""
    contradicted_at: Mapped[datetime | None] = mapped_column(_MOMENT)


known_keys = known_keys_table(Base.metadata)
