"""The three kinds of signed token, as claims. The servers sign and verify them (EdDSA, JWT); this module defines what
they mean.

=============  ==========  ===========  ======================================================================
kind           signed by   audience     says
=============  ==========  ===========  ======================================================================
user token     users       key server   who somebody is: to be given a key, the key server decides by its own list
grant          users       cloud/keys   that `sub` may do one `act` on one report `rid`
receipt        cloud       users        that the package of `rid` is stored whole: its size and SHA-256
=============  ==========  ===========  ======================================================================

Times are seconds since 1970 in UTC.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NotRequired, TypedDict

__all__ = [
    "GRANT_TYPE",
    "RECEIPT_TYPE",
    "USER_TOKEN_TYPE",
    "Action",
    "GrantClaims",
    "InstitutionAccess",
    "KeyAccess",
    "ReceiptClaims",
    "Role",
    "UserClaims",
]

USER_TOKEN_TYPE: Final = "picsafe-user+jwt"  # noqa: S105 a media type, not a secret
GRANT_TYPE: Final = "picsafe-grant+jwt"
RECEIPT_TYPE: Final = "picsafe-receipt+jwt"


class Action(str, Enum):
    """What a grant allows."""

    KEY_CREATE = "key.create"
    KEY_REVOKE = "key.revoke"
    PACKAGE_UPLOAD = "package.upload"
    PACKAGE_DOWNLOAD = "package.download"
    PACKAGE_DELETE = "package.delete"


class Role(str, Enum):
    """The role of a person in their institution."""

    MEMBER = "member"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


class InstitutionAccess(TypedDict):
    """Which people of an institution, beyond the named recipients, may have a key: the institution's policy when it was
    made.
    """

    id: str
    roles: list[str]


class KeyAccess(TypedDict):
    """Who may ever be given a key. The key server stores this with the key.

    `begun`: when the report was begun. It is compared with `since` and `inst_since` of user tokens, because the sender
    saw at that time who could open the report; the key is made a little later.
    """

    begun: NotRequired[float]
    owner: str
    recipients: list[str]
    institutions: list[InstitutionAccess]


class UserClaims(TypedDict):
    """A user token. `sub` is the user's identifier; `inst` and `role` are there for people of an institution.

    `since`: keys that were made before are not for the bearer: a service account begins with its making, an account
    whose password was reset starts again. `inst_since`: when the bearer joined the institution; keys of reports that
    were begun before are not for them as a member of it, only where they are named. Both have milliseconds after the
    point. A key server that ignores these claims releases too many keys.
    """

    iss: str
    aud: str
    sub: str
    iat: int
    exp: int
    jti: str
    name: str
    email: str
    inst: NotRequired[str]
    inst_name: NotRequired[str]
    inst_since: NotRequired[float]
    role: NotRequired[str]
    since: NotRequired[float]


class GrantClaims(TypedDict):
    """A grant. `until` is when the report's days are over: the cloud deletes the package then, the key server the key.

    `size`, in a grant to upload: the most bytes that the package may have. `name`, `email`, `inst` and `inst_name` are
    the bearer's, for a key server, whose log names them: readers see them as the sender.
    """

    iss: str
    aud: str
    sub: str
    iat: int
    exp: int
    jti: str
    act: str
    rid: str
    until: NotRequired[int]
    size: NotRequired[int]
    access: NotRequired[KeyAccess]
    name: NotRequired[str]
    email: NotRequired[str]
    inst: NotRequired[str]
    inst_name: NotRequired[str]


class ReceiptClaims(TypedDict):
    """A receipt. `sha256` is lower-case hex, `size` bytes; `digest` is that of the list of pieces, where the sender
    made one.
    """

    iss: str
    aud: str
    iat: int
    rid: str
    size: int
    sha256: str
    until: int
    digest: NotRequired[str]
