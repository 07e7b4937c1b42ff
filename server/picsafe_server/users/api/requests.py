"""Request bodies. Unknown fields are refused; lengths are bounded here, and the services check the meaning."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Action

PRINTED = r"^[^\x00-\x1f\x7f]*$"
"""No control characters: none belongs there, and PostgreSQL takes no NUL in any text."""
Email = Annotated[
    str, Meta(max_length=limits.EMAIL_CHARACTERS, pattern=PRINTED, description="an e-mail address, in any case")
]
Password = Annotated[str, Meta(max_length=4 * limits.PASSWORD_CHARACTERS_MAX)]
"""Counted after normalisation, see `passwords.py`; this only bounds what is read."""
Name = Annotated[str, Meta(max_length=2 * limits.NAME_CHARACTERS)]
Country = Annotated[str, Meta(pattern=r"^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2")]
Url = Annotated[str, Meta(max_length=limits.URL_CHARACTERS, description="a base URL")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
Token = Annotated[str, Meta(max_length=8192)]
PersonRole = Literal["member", "administrator"]


class Body(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a request."""


class SignIn(Body):
    """Credentials for a sign-in. `transport`: `cookie` for browsers, `token` for programs."""

    email: Email
    password: Password
    device: Annotated[str, Meta(max_length=4 * limits.DEVICE_CHARACTERS)] = ""
    transport: Literal["cookie", "token"] = "cookie"


class Rename(Body):
    """A new name; when left out, the name stays."""

    name: Name | UnsetType = UNSET


class NewPassword(Body):
    """12 to 256 characters."""

    current: Password
    new: Password


class Acceptance(Body):
    """An invitation's token and the password that its holder chooses."""

    token: Annotated[str, Meta(max_length=200)]
    password: Password


class NewReport(Body):
    """To whom a report goes: 1 to 50 addresses of accounts. `size`: the most bytes that its package will have."""

    recipients: Annotated[list[Email], Meta(max_length=20 * limits.RECIPIENTS)]
    size: Annotated[int, Meta(ge=1, le=limits.PACKAGE_BYTES, description="1 GiB when left out")] | UnsetType = UNSET


class Addressed(Body):
    """1 to 50 addresses of accounts."""

    recipients: Annotated[list[Email], Meta(max_length=20 * limits.RECIPIENTS)]


class SentPackage(Body):
    """A package as its sender made it. Hashes in lower-case hex; `digest` covers it piece by piece (format,
    section 9).
    """

    size: Annotated[int, Meta(ge=1, le=limits.PACKAGE_BYTES, description="bytes")]
    sha256: Sha256
    digest: Sha256


class ReceiptBody(Body):
    """The cloud's receipt for the completed upload, and the sender's description of the package."""

    receipt: Token
    package: SentPackage | UnsetType = UNSET


class GrantRequest(Body):
    """What the grant is for."""

    action: Literal["package.upload", "package.download", "key.create"]

    @property
    def wanted(self) -> Action:
        return Action(self.action)


class TokenRequest(Body):
    """The key server that the user token is for."""

    audience: Url


class InstitutionChange(Body):
    """Fields that are left out stay as they are. Only the operator can change the name."""

    retention_days: int | UnsetType = UNSET
    idle_lock_minutes: int | UnsetType = UNSET
    members_may_open: Literal["recipients", "members"] | UnsetType = UNSET
    key_servers: Annotated[list[str], Meta(max_length=100)] | UnsetType = UNSET
    key_server: Url | UnsetType = UNSET


class NewMember(Body):
    """A new member."""

    email: Email
    name: Name
    country: Country
    role: PersonRole = "member"


class MemberChange(Body):
    """Fields that are left out stay as they are."""

    role: PersonRole | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class NewService(Body):
    """The name of a service account."""

    name: Name


def given(value: object) -> bool:
    """Whether an optional field of a body was there."""
    return not isinstance(value, UnsetType)
