"""One write transaction of the key server: changes to keys and their log entries become durable together.

Several operations share it (group commit). Each sees the effects of those before it, in the order of the log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy import Connection

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_server.keys.db.models import log_audience
from picsafe_server.keys.log import created_entry, refusal_limit
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.created_entry import Created
from picsafe_server.keys.log.entries import Entry, Person, moment
from picsafe_server.keys.log.tree import TreeBuilder
from picsafe_server.keys.vault import keystore
from picsafe_server.keys.vault.keystore import KeyRecord
from picsafe_server.runtime.clock import rfc3339

T_co = TypeVar("T_co", covariant=True)


class Operation(Protocol[T_co]):
    """Something that decides on the basis of stored rows, and is logged."""

    @property
    def key_ids(self) -> Collection[str]:
        """Keys that it will look at by identifier; none, unless an operation names some."""
        return ()

    @property
    def reports(self) -> Collection[tuple[str, str]]:
        """Keys that it will look at by issuer and report; likewise."""
        return ()

    def decide(self, transaction: Transaction) -> T_co:
        """Look, decide, write; an error raised here undoes the whole transaction."""
        ...


class Transaction:
    """The state of one transaction; `now` is milliseconds since 1970, the same for all in it."""

    def __init__(self, connection: Connection, now: int) -> None:
        self.now = now
        self._now_text = rfc3339(moment(now))
        self._connection = connection
        self.head = log.read_head(connection, lock=True)
        """The log as this transaction finds it; nobody else adds to it meanwhile."""
        self._growth = TreeBuilder(self.head)
        self._keys: dict[str, KeyRecord] = {}
        self._by_report: dict[tuple[str, str], str] = {}
        self._added: dict[str, KeyRecord] = {}
        self._wiped: dict[str, KeyRecord] = {}
        self._entries: list[tuple[Entry, str, list[str]]] = []
        self._audience: list[tuple[str, str, int]] = []
        self._created: dict[str, Created] = {}
        self.told: dict[str, Created] = {}
        """The `created` entries that are to be given out, by key: they still need their proofs."""

    def load(self, operations: Iterable[Operation[object]]) -> None:
        """Fetch, in one question each, every key that the operations will look at."""
        wanted = list(operations)
        named = {key_id for one in wanted for key_id in one.key_ids}
        self._keys |= keystore.by_id(self._connection, named)
        self._created |= created_entry.by_key(self._connection, named)
        for record in keystore.by_report(self._connection, {place for one in wanted for place in one.reports}).values():
            self._keys.setdefault(record.key_id, record)
            self._by_report[record.issuer, record.report_id] = record.key_id

    def key(self, key_id: str) -> KeyRecord | None:
        """A key by its identifier, as it is at this point."""
        return self._keys.get(key_id)

    def created(self, key_id: str) -> Created | None:
        """The entry that says who had a key made; its proof is there once everything is durable."""
        found = self._created.get(key_id)
        if found is not None:
            self.told[key_id] = found
        return found

    def key_of_report(self, issuer: str, report_id: str) -> KeyRecord | None:
        """The key of a report, as it is at this point."""
        return self._keys.get(self._by_report.get((issuer, report_id), ""))

    def add_key(self, record: KeyRecord) -> None:
        """Store a new key."""
        self._keys[record.key_id] = self._added[record.key_id] = record
        self._by_report[record.issuer, record.report_id] = record.key_id

    def revoke_key(self, record: KeyRecord) -> None:
        """Take a key back: it can never be unwrapped again."""
        self._wipe(msgspec.structs.replace(record, wrapped=None, revoked_at=self.now))

    def destroy_key(self, record: KeyRecord) -> None:
        """Destroy a key that has expired."""
        self._wipe(msgspec.structs.replace(record, wrapped=None, destroyed_at=self.now))

    def _wipe(self, record: KeyRecord) -> None:
        self._keys[record.key_id] = self._wiped[record.key_id] = record

    @property
    def wipes(self) -> bool:
        """Whether wrapped keys are destroyed in it."""
        return bool(self._wiped)

    def log(self, event: Event, key: KeyRecord, person: Person | None, result: str | None = None) -> Entry:
        """Append an entry about `key`."""
        entry = Entry(self.now, self._now_text, event, result, key.report_id, key.key_id, person)
        entry.index = self._growth.add(entry.leaf)
        self._entries.append((entry, key.issuer, key.institutions))
        return entry

    def log_event(self, event: Event, person: Person, details: str, audience: Collection[tuple[str, str]]) -> Entry:
        """Append an entry about the log; `audience` are the issuers and institutions whose administrators may
        read it.
        """
        entry = Entry(self.now, self._now_text, event, None, "", "", person, details)
        entry.index = self._growth.add(entry.leaf)
        self._entries.append((entry, "", []))
        self._audience += [(issuer, institution, entry.index) for issuer, institution in audience]
        return entry

    def refuse(self, error: PicSafeError, key: KeyRecord, person: Person) -> PicSafeError:
        """Log that `person` was refused, and why; but of one person's refusals no more than a few an hour."""
        if refusal_limit.should_log(self._connection, person, self.now):
            self.log(Event.REFUSED, key, person, error.code)
        return error

    def write(self) -> tuple[list[Entry], TreeBuilder]:
        """Send everything to the database; what was logged, and the tree that now holds it."""
        if self._added:
            keystore.add(self._connection, list(self._added.values()))
        keystore.wipe(self._connection, self._wiped.values())
        if self._entries:
            log.append(self._connection, self._growth, self._entries)
        log.insert_rows(self._connection, log_audience, self._audience)
        return [entry for entry, _, _ in self._entries], self._growth
