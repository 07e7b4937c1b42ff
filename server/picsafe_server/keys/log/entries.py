"""The content of one access log entry, and the bytes that the tree commits to.

An entry has two texts, each in canonical JSON (RFC 8785: sorted names, no spaces, UTF-8):

    person      {"address", "email", "id", "institution", "institution_name", "issuer", "name", "reason"}
    statement   {"details", "event", "key_id", "person", "report_id", "result", "time", "v"}

`person` in the statement is the standard base64 of `SHA-256("picsafe/access-log/person/v1" || 0x00 || salt || person)`,
or null where no person acted. The leaf's data is `SHA-256("picsafe/access-log/statement/v1" || 0x00 || salt ||
statement)`, and its hash is RFC 6962's `SHA-256(0x00 || data)`. Entries of version 1 have no `details`. Both salts are
32 random bytes, used for this entry only, so an entry cannot be guessed from its leaf. After a person and its salt are
erased, the rest of the entry can still be proved.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.crypto.merkle import leaf_hash

SALT_BYTES = 32
VERSION = 2
LABEL_VERSION = 3
"""Of entries that are written now: 3 for the events that came with it, 2 for all others. A reader that knows older
versions only refuses an entry instead of misreading its event, and goes on to check all others.
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_PERSON_TAG = b"picsafe/access-log/person/v1\x00"
_STATEMENT_TAG = b"picsafe/access-log/statement/v1\x00"
_encoder = msgspec.json.Encoder(order="sorted")


class Person(msgspec.Struct, frozen=True):
    """Who acted, from where and why: the part of an entry that can be erased."""

    issuer: str
    subject: str
    name: str
    email: str
    institution: str | None
    institution_name: str | None
    address: str
    reason: str

    def text(self) -> bytes:
        """Canonical JSON."""
        return _encoder.encode(
            {
                "address": self.address,
                "email": self.email,
                "id": self.subject,
                "institution": self.institution,
                "institution_name": self.institution_name,
                "issuer": self.issuer,
                "name": self.name,
                "reason": self.reason,
            }
        )


def operator(key_server: str, reason: str) -> Person:
    """The operator who runs commands on the machine of the key server with this URL; PicSafe does not know their
    name.
    """
    return Person(key_server, "operator", "Operator of the key server", "", None, None, "", reason)


def details(**said: Any) -> str:
    """Canonical JSON of the further details of an event about the log."""
    return _encoder.encode(said).decode()


def digest_of_entries(indexes: Iterable[int]) -> str:
    """Standard base64 of the SHA-256 over entry numbers, each as eight bytes, big-endian, in ascending order."""
    packed = b"".join(index.to_bytes(8, "big") for index in sorted(indexes))
    return base64.b64encode(hashlib.sha256(packed).digest()).decode("ascii")


@dataclass(slots=True)
class Entry:
    """An entry that is not yet in the tree; `Transaction` sets its index, the appender its proof."""

    time: int
    time_text: str
    event: Event
    result: str | None
    report_id: str
    key_id: str
    person: Person | None
    details: str | None = None
    """What an event that is about no single key says further: canonical JSON."""
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_BYTES))
    person_salt: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_BYTES))
    person_text: bytes = b""
    person_commitment: bytes | None = None
    statement: bytes = b""
    commitment: bytes = b""
    index: int = -1
    inclusion_proof: str = ""
    """c2sp.org/tlog-proof@v1, with the checkpoint; empty until the entry is durable."""

    def __post_init__(self) -> None:
        if self.person is not None:
            self.person_text = self.person.text()
            self.person_commitment = person_commitment(self.person_salt, self.person_text)
        self.statement = statement_text(
            self.version,
            self.time_text,
            self.event,
            self.result,
            self.report_id,
            self.key_id,
            self.person_commitment,
            self.details,
        )
        self.commitment = statement_commitment(self.salt, self.statement)

    @property
    def version(self) -> int:
        """The lowest version that has the event."""
        return LABEL_VERSION if self.event is Event.LABEL_RELEASED else VERSION

    @property
    def leaf(self) -> bytes:
        """The leaf's hash in the tree."""
        return leaf_hash(self.commitment)


def person_commitment(salt: bytes, text: bytes) -> bytes:
    """The hash by which a statement names a person."""
    return hashlib.sha256(_PERSON_TAG + salt + text).digest()


def statement_commitment(salt: bytes, text: bytes) -> bytes:
    """A leaf's data."""
    return hashlib.sha256(_STATEMENT_TAG + salt + text).digest()


def statement_text(
    version: int,
    time_text: str,
    event: Event,
    result: str | None,
    report_id: str,
    key_id: str,
    person: bytes | None,
    details: str | None,
) -> bytes:
    """Canonical JSON of the part of an entry that is never erased. Empty identifiers are null in it."""
    statement: dict[str, Any] = {
        "event": event.value,
        "key_id": key_id or None,
        "person": None if person is None else base64.b64encode(person).decode("ascii"),
        "report_id": report_id or None,
        "result": result,
        "time": time_text,
        "v": version,
    }
    if version > 1:
        statement["details"] = None if details is None else msgspec.Raw(details.encode())
    return _encoder.encode(statement)


def moment(value: int) -> datetime:
    """The time in a database column."""
    return _EPOCH + timedelta(milliseconds=value)


def milliseconds(when: datetime) -> int:
    """`when` as stored in a database column."""
    return (when - _EPOCH) // _MILLISECOND
