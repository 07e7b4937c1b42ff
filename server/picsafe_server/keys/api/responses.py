"""Makes the answers about keys. Keys are 32 bytes as base64url without padding; times are RFC 3339 in UTC."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec

from picsafe_protocol.contracts.api.keys import (
    CreatedProof,
    EntryProof,
    IssuedKey,
    LabelKey,
    LabelKeys,
    LabelRefusal,
    ReleasedKey,
)
from picsafe_server.keys.log.created_entry import Created
from picsafe_server.keys.log.entries import Entry, moment
from picsafe_server.keys.operations.release import Released
from picsafe_server.keys.operations.release_labels import ReleasedLabels
from picsafe_server.runtime.clock import rfc3339

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[a-z2-7]{26}$", description="26 letters of lower-case base32")]


def entry_proof(entry: Entry) -> EntryProof:
    """For an entry that is durable."""
    return EntryProof(
        index=entry.index,
        time=entry.time_text,
        statement=entry.statement.decode(),
        salt=_b64url(entry.salt),
        person=entry.person_text.decode(),
        person_salt=_b64url(entry.person_salt),
        proof=entry.inclusion_proof,
    )


def created_proof(entry: Created) -> CreatedProof:
    """For an entry that has its proof."""
    return CreatedProof(
        index=entry.index,
        time=entry.time_text,
        statement=entry.statement.decode(),
        salt=_b64url(entry.salt),
        proof=entry.inclusion_proof,
        sender=entry.sender,
    )


def released_key(released: Released) -> ReleasedKey:
    """For a release that is in the log."""
    created = None if released.created is None else created_proof(released.created)
    return ReleasedKey(_b64url(released.key), entry_proof(released.entry), created)


def issued_key(released: Released) -> IssuedKey:
    """For a key whose making is in the log."""
    expires_at = rfc3339(moment(released.record.until))
    return IssuedKey(released.record.key_id, _b64url(released.key), expires_at, entry_proof(released.entry))


def label_keys(released: ReleasedLabels) -> LabelKeys:
    """For label keys whose releases are in the log, and those that were refused."""
    given = [
        LabelKey(one.record.report_id, one.record.key_id, _b64url(one.key), entry_proof(one.entry))
        for one in released.given
    ]
    return LabelKeys(given, [LabelRefusal(report_id, error.code) for report_id, error in released.refused])


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
