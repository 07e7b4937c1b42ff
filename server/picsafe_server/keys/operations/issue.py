"""Issues the key of a new report: one key per report, however often its sender asks."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.contracts.errors import NotPermitted, PicSafeError, ReportExpired, TokenRefused
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.crypto.chunked import KEY
from picsafe_server.keys.log.entries import Entry, milliseconds
from picsafe_server.keys.operations.callers import KeyGrant
from picsafe_server.keys.operations.release import Released, refusal, unwrapped
from picsafe_server.keys.policy import Caller, KeyAcl
from picsafe_server.keys.transactions.appender import Appender
from picsafe_server.keys.transactions.transaction import Operation, Transaction
from picsafe_server.keys.vault.keystore import KeyRecord
from picsafe_server.keys.vault.wrapping import KeyWrapper


@dataclass(frozen=True, slots=True)
class Issue(Operation[tuple[KeyRecord, Entry] | PicSafeError | None]):
    """A request for a new key. `candidate` becomes the report's key unless the report already has one."""

    caller: Caller
    candidate: KeyRecord
    address: str
    wrapper: KeyWrapper

    @property
    def reports(self) -> Collection[tuple[str, str]]:
        return ((self.candidate.issuer, self.candidate.report_id),)

    def decide(self, transaction: Transaction) -> tuple[KeyRecord, Entry] | PicSafeError | None:
        """The key, still wrapped, and its entry; or the refusal; or None when the candidate must be rewrapped."""
        key = transaction.key_of_report(self.candidate.issuer, self.candidate.report_id)
        if key is None:
            if transaction.now >= self.candidate.until:
                return ReportExpired("The time of this report is over; no key is made for it.")
            if self.candidate.master != self.wrapper.newest():  # or a master key could be retired under it
                return None
            transaction.add_key(self.candidate)
            return self.candidate, transaction.log(Event.CREATED, self.candidate, self.caller.person(self.address))
        person = self.caller.person(self.address, "asked for its key again, as the sender")
        if self.caller.subject != key.owner:
            return transaction.refuse(NotPermitted("Somebody else sent this report."), key, person)
        error = refusal(key, self.caller, transaction.now)
        if error is not None:
            return transaction.refuse(error, key, person)
        return key, transaction.log(Event.RELEASED, key, person)


async def issue(
    appender: Appender, wrapper: KeyWrapper, grant: KeyGrant, *, now: datetime, report_days: int, address: str
) -> tuple[Released, bool]:
    """The key of the grant's report, and whether it was made just now. Raises the refusal, or `LogUnavailable`."""
    if grant.access is None or grant.access.owner != grant.caller.subject:
        raise TokenRefused("The grant does not say who may have the key.", reason="malformed")
    blank = _blank(grant, grant.access, now, report_days)
    outcome = None
    while outcome is None:
        wrapped = await wrapper.wrap(secrets.token_bytes(KEY), blank.context())
        candidate = msgspec.structs.replace(blank, master=wrapped.master, wrapped=wrapped.blob)
        outcome = await appender.submit(Issue(grant.caller, candidate, address, wrapper))
    if isinstance(outcome, PicSafeError):
        raise outcome
    record, entry = outcome
    return Released(record, await unwrapped(wrapper, record), entry), record is candidate


def _blank(grant: KeyGrant, access: KeyAcl, now: datetime, report_days: int) -> KeyRecord:
    latest = milliseconds(now + timedelta(days=report_days))
    return KeyRecord(
        key_id=new_identifier(),
        issuer=grant.caller.issuer,
        report_id=grant.report_id,
        access_json=msgspec.json.encode(access),
        created_at=milliseconds(now),
        until=latest if grant.until is None else min(latest, grant.until * 1000),
        master=0,
        wrapped=None,
        revoked_at=None,
        destroyed_at=None,
        access=access,
    )
