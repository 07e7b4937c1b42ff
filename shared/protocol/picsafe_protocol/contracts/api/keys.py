"""Keys and the access log (key server). Keys are 32 bytes as base64url without padding; they appear in no `repr`."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import Annotated

from picsafe_protocol.contracts.api.field_types import WHEN_ABSENT, WIRE_NAME, Identifier
from picsafe_protocol.contracts.api.message import message

__all__ = [
    "Consistency",
    "CreatedProof",
    "EntryProof",
    "Event",
    "IssuedKey",
    "KeySender",
    "LabelKey",
    "LabelKeys",
    "LabelRefusal",
    "LogEntry",
    "LogPage",
    "ReleasedKey",
    "Who",
]


@message
class EntryProof:
    """The entry that the access log now has of this release, and all that anyone needs to check it offline.

    `statement` and `person` are the exact texts that were hashed, `docs/access-log.md` says how; `proof` is
    c2sp.org/tlog-proof@v1 with the log's signed checkpoint.
    """

    index: int
    time: str
    statement: str
    salt: str
    person: str
    person_salt: str
    proof: str


@message
class KeySender:
    """The owner of a key, with their name at the time it was made. `issuer` is the user server that knows them by
    `id`.
    """

    issuer: str
    id: str
    name: str
    email: str
    institution: str | None
    institution_name: str | None


@message
class CreatedProof:
    """The entry of the making of a key: who sent the report, whatever its file says. Of this one `person` is not told
    as it was hashed.

    `sender` is as they were called then; null when that person was erased from the log.
    """

    index: int
    time: str
    statement: str
    salt: str
    proof: str
    sender: KeySender | None


@message
class ReleasedKey:
    """A key that was given out. `created` is the entry of its making."""

    key: str = field(repr=False)
    entry: EntryProof
    created: CreatedProof | None = field(metadata={WHEN_ABSENT: None})


@message
class IssuedKey:
    """The key of a new report, for its sender."""

    key_id: str
    key: str = field(repr=False)
    expires_at: str
    entry: EntryProof


@message
class LabelKey:
    """The key of a report's sealed label, 32 bytes. It opens no package. `entry`: the access log has that the caller
    looked at whose report it is.
    """

    report_id: Identifier
    key_id: Identifier
    key: str = field(repr=False)
    entry: EntryProof


@message
class LabelRefusal:
    """A report whose label key is not given, and the code of the error that says why."""

    report_id: Identifier
    code: str


@message
class LabelKeys:
    """Each requested report is in one of the two lists."""

    keys: list[LabelKey]
    refused: list[LabelRefusal]


@message
class Who:
    """A person in the log, with their name at the time."""

    id: str
    name: str
    email: str
    institution: str | None


class Event(str, Enum):
    """What happened to a key, or (`erased`, `restored`) to the log. `label_released`: somebody looked at whose report
    it is, without opening it.
    """

    CREATED = "created"
    RELEASED = "released"
    REFUSED = "refused"
    REVOKED = "revoked"
    DESTROYED = "destroyed"
    ERASED = "erased"
    RESTORED = "restored"
    LABEL_RELEASED = "label_released"


@message
class LogEntry:
    """One entry for people. `who` is null where nobody acted (the time was over) and where the person was erased.

    `erased_at` and `erased_by` then say when, and which entry says so (null for what was erased before there were
    such entries). `report_id` and `key_id` are null for `erased` and `restored`, which are about the log.
    """

    index: int
    time: str
    event: Annotated[str, Event]
    result_code: str | None
    report_id: str | None
    key_id: str | None
    who: Who | None
    address: str | None = field(metadata={WIRE_NAME: "from"})
    reason: str | None
    erased_at: str | None = field(metadata={WHEN_ABSENT: None})
    erased_by: int | None = field(metadata={WHEN_ABSENT: None})


@message
class LogPage:
    """Entries, and the `after` of the next page; null when there is none."""

    entries: list[LogEntry]
    next: int | None


@message
class Consistency:
    """A proof that the log of `to` entries begins with that of `from`: hashes of RFC 6962, section 2.1.2, in base64."""

    start: int = field(metadata={WIRE_NAME: "from"})
    to: int
    proof: list[str]
