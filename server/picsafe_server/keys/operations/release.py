"""Releases a key: the decision on which PicSafe's security rests. It always follows this order:

1. decide, from the stored key, the verified caller and the clock;
2. append the entry to the access log, and wait until it is durable;
3. unwrap the key;
4. answer.

When step 2 fails, nothing after it happens: `LogUnavailable`. When step 3 fails, the log has an entry without a
release, never a release without an entry.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.contracts.errors import (
    KeyDestroyed,
    KeyRevoked,
    NotFound,
    NotPermitted,
    PicSafeError,
    ReportPredatesAccess,
)
from picsafe_server.keys.log.created_entry import Created
from picsafe_server.keys.log.entries import Entry
from picsafe_server.keys.policy import Caller, may_have_key, predates_access
from picsafe_server.keys.transactions.appender import Appender
from picsafe_server.keys.transactions.transaction import Operation, Transaction
from picsafe_server.keys.vault.keystore import KeyRecord
from picsafe_server.keys.vault.wrapping import KeyWrapper, WrappedKey, WrappingError


@dataclass(frozen=True, slots=True)
class Released:
    """A released key, and the entry that records the release."""

    record: KeyRecord
    key: bytes = field(repr=False)
    entry: Entry
    created: Created | None = None
    """The entry of the making of the key; not told to the sender, whose key it is."""


def refusal(key: KeyRecord, caller: Caller, now: int) -> PicSafeError | None:
    """Why `caller` may not have `key` at `now` (milliseconds since 1970); None when they may."""
    if not may_have_key(key.access, key.issuer, key.begun, caller):
        return NotPermitted("You are not among those whom this report was sent to.")
    if predates_access(key.begun, caller):
        return ReportPredatesAccess()
    if key.revoked_at is not None:
        return KeyRevoked()
    if key.destroyed_at is not None or now >= key.until:  # by the clock, whether or not a sweep has been
        return KeyDestroyed()
    return None


@dataclass(frozen=True, slots=True)
class Release(Operation[tuple[KeyRecord, Entry, Created | None] | PicSafeError]):
    """A request for a key, decided and logged within one transaction so that no revocation can come in between."""

    caller: Caller
    key_id: str
    report_id: str
    reason: str
    address: str

    @property
    def key_ids(self) -> Collection[str]:
        return (self.key_id,)

    def decide(self, transaction: Transaction) -> tuple[KeyRecord, Entry, Created | None] | PicSafeError:
        """The key, still wrapped, its entry and that of its making; or the refusal."""
        key = transaction.key(self.key_id)
        if key is None or key.report_id != self.report_id:
            return NotFound("There is no key with this id for this report.")  # nobody's, so there is nobody to tell
        person = self.caller.person(self.address, self.reason)
        error = refusal(key, self.caller, transaction.now)
        if error is not None:
            return transaction.refuse(error, key, person)
        return key, transaction.log(Event.RELEASED, key, person), transaction.created(key.key_id)


async def release(appender: Appender, wrapper: KeyWrapper, request: Release) -> Released:
    """The key that `request` asks for. Raises the refusal, or `LogUnavailable`."""
    outcome = await appender.submit(request)  # 1 and 2: decided, and durable in the log when this returns
    if isinstance(outcome, PicSafeError):
        raise outcome
    record, entry, created = outcome
    return Released(record, await unwrapped(wrapper, record), entry, created)


async def unwrapped(wrapper: KeyWrapper, record: KeyRecord) -> bytes:
    """The key of a record whose release is in the log already."""
    if record.wrapped is None:
        raise KeyDestroyed
    return await unwrap_record(wrapper, record.master, record.wrapped, record)


async def unwrap_record(wrapper: KeyWrapper, master: int, wrapped: bytes, record: KeyRecord) -> bytes:
    """The key of a record; `WrappingError` when it does not belong to what is stored beside it."""
    key = WrappedKey(master, wrapped)
    try:
        return await wrapper.unwrap(key, record.context())
    except WrappingError:
        return await wrapper.unwrap(key, record.former_context())
