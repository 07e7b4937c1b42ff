"""What goes over HTTP. Keys are 32 bytes as base64url without padding; times are RFC 3339 in UTC."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec

from picsafe_protocol.contracts import limits
from picsafe_server.keys.log.created_entry import Created, KeySender
from picsafe_server.keys.log.entries import Entry, moment
from picsafe_server.keys.operations.release import Released
from picsafe_server.runtime.clock import rfc3339

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[a-z2-7]{26}$", description="26 letters of lower-case base32")]
Reason = Annotated[
    str,
    msgspec.Meta(
        max_length=limits.REASON_CHARACTERS,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="why, in the caller's words; kept in the access log",
    ),
]


class KeyRequest(msgspec.Struct, forbid_unknown_fields=True):
    """For which report a key is to be made, or taken back."""

    report_id: Identifier


class ReleaseRequest(msgspec.Struct, forbid_unknown_fields=True):
    """For which report a key is asked, and why."""

    report_id: Identifier
    reason: Reason = ""


class EntryProof(msgspec.Struct):
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

    @classmethod
    def of(cls, entry: Entry) -> EntryProof:
        """For an entry that is durable."""
        return cls(
            index=entry.index,
            time=entry.time_text,
            statement=entry.statement.decode(),
            salt=_b64url(entry.salt),
            person=entry.person_text.decode(),
            person_salt=_b64url(entry.person_salt),
            proof=entry.inclusion_proof,
        )


class CreatedProof(msgspec.Struct):
    """The entry of the making of a key: who sent the report, whatever its file says. Of this one `person` is not told as it was hashed.

    `sender` is as they were called then; null when that person was erased from the log.
    """

    index: int
    time: str
    statement: str
    salt: str
    proof: str
    sender: KeySender | None

    @classmethod
    def of(cls, entry: Created) -> CreatedProof:
        """For an entry that has its proof."""
        return cls(
            index=entry.index,
            time=entry.time_text,
            statement=entry.statement.decode(),
            salt=_b64url(entry.salt),
            proof=entry.inclusion_proof,
            sender=entry.sender,
        )


class ReleasedKey(msgspec.Struct):
    """A key that was given out. `created` is the entry of its making."""

    key: str
    entry: EntryProof
    created: CreatedProof | None

    @classmethod
    def of(cls, released: Released) -> ReleasedKey:
        """For a release that is in the log."""
        created = None if released.created is None else CreatedProof.of(released.created)
        return cls(_b64url(released.key), EntryProof.of(released.entry), created)

    def __repr__(self) -> str:
        return f"ReleasedKey(entry={self.entry.index})"


class IssuedKey(msgspec.Struct):
    """The key of a new report, for its sender."""

    key_id: str
    key: str
    expires_at: str
    entry: EntryProof

    @classmethod
    def of(cls, released: Released) -> IssuedKey:
        """For a key whose making is in the log."""
        expires_at = rfc3339(moment(released.record.until))
        return cls(released.record.key_id, _b64url(released.key), expires_at, EntryProof.of(released.entry))

    def __repr__(self) -> str:
        return f"IssuedKey(key_id={self.key_id!r}, entry={self.entry.index})"


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
