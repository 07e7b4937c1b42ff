"""Request bodies. Servers refuse unknown fields.

A field whose default is None may be left out, and is never null. Rules here bound what a server reads; services check
what it means.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.api.field_types import Rule
from picsafe_protocol.contracts.api.message import message

__all__ = [
    "Acceptance",
    "Addressed",
    "Completion",
    "GrantRequest",
    "InstitutionChange",
    "InvitationToken",
    "KeyRequest",
    "LabelsRequest",
    "MarkRequest",
    "MemberChange",
    "NewMember",
    "NewPassword",
    "NewReport",
    "NewService",
    "NewUpload",
    "OutboxBody",
    "OutboxReceipt",
    "ReceiptBody",
    "ReleaseRequest",
    "Rename",
    "SentPackage",
    "SignIn",
    "TokenRequest",
]

PRINTED: Final = r"^[^\x00-\x1f\x7f]*$"
"""No control characters: none belongs there, and PostgreSQL takes no NUL in any text."""
Email: TypeAlias = Annotated[
    str, Rule(max_length=limits.EMAIL_CHARACTERS, pattern=PRINTED, description="an e-mail address, in any case")
]
Password: TypeAlias = Annotated[str, Rule(max_length=4 * limits.PASSWORD_CHARACTERS_MAX)]
"""Counted by the server after normalisation; this only bounds what is read."""
Name: TypeAlias = Annotated[str, Rule(max_length=2 * limits.NAME_CHARACTERS)]
Country: TypeAlias = Annotated[str, Rule(pattern=r"^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2")]
Url: TypeAlias = Annotated[str, Rule(max_length=limits.URL_CHARACTERS, description="a base URL")]
Sha256: TypeAlias = Annotated[str, Rule(pattern="^[0-9a-f]{64}$", max_length=64)]
"""Lower-case hex."""
Token: TypeAlias = Annotated[str, Rule(max_length=8192)]
ReportId: TypeAlias = Annotated[str, Rule(pattern=r"^[a-z2-7]{26}$", description="26 letters of lower-case base32")]
Reason: TypeAlias = Annotated[
    str,
    Rule(
        max_length=limits.REASON_CHARACTERS,
        pattern=PRINTED,
        description="why, in the caller's words; kept in the access log",
    ),
]
PersonRole: TypeAlias = Literal["member", "administrator"]
GrantedAction: TypeAlias = Literal["package.upload", "package.download", "key.create"]
ReportIds: TypeAlias = Annotated[list[ReportId], Rule(max_length=limits.LABELS_AT_ONCE)]
Mark: TypeAlias = Literal["done", "filed"]
Addresses: TypeAlias = Annotated[list[Email], Rule(max_length=20 * limits.RECIPIENTS)]


@message(kw_only=True)
class SignIn:
    """Credentials for a sign-in. `transport`: `cookie` for browsers, `token` for programs."""

    email: Email
    password: Password
    device: Annotated[str, Rule(max_length=4 * limits.DEVICE_CHARACTERS)] = ""
    transport: Literal["cookie", "token"] = "cookie"


@message(kw_only=True)
class Rename:
    """A new name; when left out, the name stays."""

    name: Name | None = None


@message(kw_only=True)
class NewPassword:
    """12 to 256 characters."""

    current: Password
    new: Password


@message(kw_only=True)
class InvitationToken:
    """An invitation's token."""

    token: Annotated[str, Rule(max_length=200)]


@message(kw_only=True)
class Acceptance:
    """An invitation's token and the password that its holder chooses."""

    token: Annotated[str, Rule(max_length=200)]
    password: Password


@message(kw_only=True)
class NewReport:
    """To whom a report goes: 1 to 50 addresses of accounts. `size`: the most bytes that its package will have."""

    recipients: Addresses
    size: Annotated[int, Rule(ge=1, le=limits.PACKAGE_BYTES, description="1 GiB when left out")] | None = None


@message(kw_only=True)
class Addressed:
    """1 to 50 addresses of accounts."""

    recipients: Addresses


@message(kw_only=True)
class MarkRequest:
    """Reports to mark, or with `value` false to unmark. `done`: the caller has dealt with them. `filed`: they are in the
    record.
    """

    report_ids: Annotated[list[ReportId], Rule(max_length=limits.MARKS_AT_ONCE)]
    mark: Mark
    value: bool = True


@message(kw_only=True)
class SentPackage:
    """A package as its sender made it. Hashes in lower-case hex; `digest` covers it piece by piece (format,
    section 9).
    """

    size: Annotated[int, Rule(ge=1, le=limits.PACKAGE_BYTES, description="bytes")]
    sha256: Sha256
    digest: Sha256


@message(kw_only=True)
class ReceiptBody:
    """The cloud's receipt for the completed upload, and the sender's description of the package. `label`: the report's
    sealed label (format, section 10), in base64.
    """

    receipt: Token
    package: SentPackage | None = None
    label: bytes | None = None


@message(kw_only=True)
class OutboxBody:
    """What will be delivered: the sender's description of the package, and the report's sealed label (format,
    section 10), in base64.
    """

    package: SentPackage
    label: bytes | None = None


@message(kw_only=True)
class OutboxReceipt:
    """The cloud's receipt for the completed upload."""

    receipt: Token


@message(kw_only=True)
class GrantRequest:
    """What the grant is for."""

    action: GrantedAction


@message(kw_only=True)
class TokenRequest:
    """The key server that the user token is for."""

    audience: Url


@message(kw_only=True)
class InstitutionChange:
    """Fields that are left out stay as they are. Only the operator can change the name."""

    retention_days: int | None = None
    idle_lock_minutes: int | None = None
    members_may_open: Literal["recipients", "members"] | None = None
    labels: Literal["sealed", "none"] | None = None
    key_servers: Annotated[list[str], Rule(max_length=100)] | None = None
    key_server: Url | None = None


@message(kw_only=True)
class NewMember:
    """A new member."""

    email: Email
    name: Name
    country: Country
    role: PersonRole = "member"


@message(kw_only=True)
class MemberChange:
    """Fields that are left out stay as they are."""

    role: PersonRole | None = None
    disabled: bool | None = None


@message(kw_only=True)
class NewService:
    """The name of a service account."""

    name: Name


@message(kw_only=True)
class NewUpload:
    """The package to be uploaded: `size` is the bytes of all of it."""

    size: int


@message(kw_only=True)
class Completion:
    """A package that has been sent: the SHA-256 of all of it, and that of each 256 KiB, one after the other (in JSON:
    base64).
    """

    sha256: Sha256
    pieces: bytes | None = None


@message(kw_only=True)
class KeyRequest:
    """For which report a key is to be made, or taken back."""

    report_id: ReportId


@message(kw_only=True)
class LabelsRequest:
    """The reports whose labels, or the keys of these, are requested."""

    report_ids: ReportIds


@message(kw_only=True)
class ReleaseRequest:
    """For which report a key is requested, and why."""

    report_id: ReportId
    reason: Reason = ""
