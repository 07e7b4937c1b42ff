"""The end of a key: revocation by its owner, or destruction at expiry. In both cases the wrapped key is wiped, and that
is logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.contracts.errors import NotFound, NotPermitted, PicSafeError, TokenRefused
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.keys.log.entries import milliseconds
from picsafe_server.keys.operations.callers import KeyGrant
from picsafe_server.keys.policy import Caller, KeyAcl
from picsafe_server.keys.transactions.appender import BATCH, Appender
from picsafe_server.keys.transactions.transaction import Operation, Transaction
from picsafe_server.keys.vault import keystore
from picsafe_server.keys.vault.keystore import KeyRecord
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database


@dataclass(frozen=True, slots=True)
class Revoke(Operation[PicSafeError | None]):
    """The owner, or the user server on their behalf, revokes a key. Revoking it again is not an error."""

    caller: Caller
    by_grant: bool
    key_id: str
    report_id: str
    address: str

    @property
    def key_ids(self) -> Collection[str]:
        return (self.key_id,)

    def decide(self, transaction: Transaction) -> PicSafeError | None:
        """None once the key cannot be had any more; or the refusal."""
        key = transaction.key(self.key_id)
        if key is None or key.report_id != self.report_id:
            return NotFound("There is no key with this id for this report.")
        return _revoke(transaction, key, self.caller, self.by_grant, self.address)


@dataclass(frozen=True, slots=True)
class RevokeOfReport(Operation[PicSafeError | None]):
    """The user server withdraws a report. It never learns key identifiers.

    Where no key was made yet, a revoked key without content takes its place, so that none can be made later."""

    caller: Caller
    report_id: str
    address: str

    @property
    def reports(self) -> Collection[tuple[str, str]]:
        return ((self.caller.issuer, self.report_id),)

    def decide(self, transaction: Transaction) -> PicSafeError | None:
        """None once the key cannot be had any more; or the refusal."""
        key = transaction.key_of_report(self.caller.issuer, self.report_id)
        if key is not None:
            return _revoke(transaction, key, self.caller, True, self.address)
        never = _tombstone(self.caller, self.report_id, transaction.now)
        transaction.add_key(never)
        transaction.log(Event.REVOKED, never, self.caller.person(self.address))
        return None


def _tombstone(caller: Caller, report_id: str, now: int) -> KeyRecord:
    access = KeyAcl(caller.subject, (), ())
    return KeyRecord(
        key_id=new_identifier(),
        issuer=caller.issuer,
        report_id=report_id,
        access_json=msgspec.json.encode(access),
        created_at=now,
        until=now,
        master=0,
        wrapped=None,
        revoked_at=now,
        destroyed_at=None,
        access=access,
    )


def _revoke(
    transaction: Transaction, key: KeyRecord, caller: Caller, by_grant: bool, address: str
) -> PicSafeError | None:
    person = caller.person(address)
    entitled = caller.issuer == key.issuer and (by_grant or caller.subject == key.owner)
    if not entitled:
        return transaction.refuse(NotPermitted("Only the sender may withdraw a report."), key, person)
    if key.wrapped is not None:
        transaction.revoke_key(key)
        transaction.log(Event.REVOKED, key, person)
    return None


async def revoke_of_report(appender: Appender, grant: KeyGrant, report_id: str, address: str) -> None:
    """Revoke the key of a report, or ensure that none is ever made. Raises the refusal, or `LogUnavailable`."""
    if grant.report_id != report_id:
        raise TokenRefused("The grant is for another report.", reason="report")
    error = await appender.submit(RevokeOfReport(grant.caller, report_id, address))
    if error is not None:
        raise error


async def revoke(appender: Appender, asker: Caller | KeyGrant, key_id: str, report_id: str, address: str) -> None:
    """Revoke a key. Raises the refusal, or `LogUnavailable`."""
    by_grant = isinstance(asker, KeyGrant)
    if isinstance(asker, KeyGrant) and asker.report_id != report_id:
        raise TokenRefused("The grant is for another report.", reason="report")
    caller = asker.caller if isinstance(asker, KeyGrant) else asker
    error = await appender.submit(Revoke(caller, by_grant, key_id, report_id, address))
    if error is not None:
        raise error


@dataclass(frozen=True, slots=True)
class Destroy(Operation[bool]):
    """A key expires."""

    key_id: str

    @property
    def key_ids(self) -> Collection[str]:
        return (self.key_id,)

    def decide(self, transaction: Transaction) -> bool:
        """Whether there was anything left to destroy: another process may have been first."""
        key = transaction.key(self.key_id)
        if key is None or key.wrapped is None or transaction.now < key.until:
            return False
        transaction.destroy_key(key)
        transaction.log(Event.DESTROYED, key, None)
        return True


async def destroy_due(database: Database, appender: Appender, clock: Clock) -> int:
    """Destroy every expired key; returns how many."""
    destroyed = 0
    while True:
        async with database.reading() as session:
            connection = await session.connection()
            due = await connection.run_sync(keystore.due, milliseconds(clock.now()), BATCH)
        destroyed += sum(await asyncio.gather(*(appender.submit(Destroy(key_id)) for key_id in due)))
        if len(due) < BATCH:
            return destroyed
