"""Checks the whole log: every statement against its leaf, every person against its statement, every node against the
leaves.

`store.check` at start checks the head only; this reads everything, for `picsafe-server keys check-log`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, Row, func, select

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.crypto.merkle import leaf_hash
from picsafe_server.keys.db.models import log_erasures, log_leaves, log_nodes, log_people
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.entries import (
    Person,
    details,
    digest_of_entries,
    moment,
    person_commitment,
    statement_commitment,
    statement_text,
)
from picsafe_server.keys.log.store import LogDamaged
from picsafe_server.keys.log.tree import Head, TreeBuilder
from picsafe_server.runtime.clock import rfc3339

ROWS = 1000


def recompute(connection: Connection) -> Head:
    """The head, computed from the entries alone; `LogDamaged` names the first entry that differs from what the tree
    committed to.
    """
    stored = log.check(connection)
    growth = TreeBuilder(Head(0, ()))
    for start in range(0, stored.size, ROWS):
        for row in _entries(connection, start):
            if row.entry_index != growth.size:
                raise LogDamaged(f"entry {growth.size} is missing")
            _check_entry(row)
            growth.add(leaf_hash(bytes(row.commitment)))
        _check_nodes(connection, growth)
        growth = TreeBuilder(growth.head)
    if growth.head != stored:
        raise LogDamaged("the entries are not those of the head")
    _check_counts(connection, stored)
    _check_erasures(connection)
    return stored


def _entries(connection: Connection, start: int) -> Iterator[Row[tuple[object, ...]]]:
    people = [column.label(f"person_{column.name}") for column in log_people.c]
    erased = [log_erasures.c.entry_index.label("erased_index"), log_erasures.c.erased_by]
    query = select(log_leaves, *people, *erased)
    query = query.outerjoin(log_people, log_people.c.entry_index == log_leaves.c.entry_index)
    query = query.outerjoin(log_erasures, log_erasures.c.entry_index == log_leaves.c.entry_index)
    query = query.where(log_leaves.c.entry_index >= start).order_by(log_leaves.c.entry_index).limit(ROWS)
    yield from connection.execute(query)


def _check_entry(row: Row[tuple[object, ...]]) -> None:
    person = None if row.person is None else bytes(row.person)
    text = statement_text(
        row.version,
        rfc3339(moment(row.time)),
        Event(row.event),
        row.result,
        row.report_id,
        row.key_id,
        person,
        row.details,
    )
    if statement_commitment(bytes(row.salt), text) != bytes(row.commitment):
        raise LogDamaged(f"entry {row.entry_index} was changed")
    if row.person_entry_index is None:
        if person is not None:
            _check_erased(row)
        return
    if row.erased_index is not None:
        raise LogDamaged(f"the person of entry {row.entry_index} is still there, although it was erased")
    who = Person(
        row.person_issuer,
        row.person_subject,
        row.person_name,
        row.person_email,
        row.person_institution,
        row.person_institution_name,
        row.person_address,
        row.person_reason,
    )
    if person_commitment(bytes(row.person_salt), who.text()) != person:
        raise LogDamaged(f"the person of entry {row.entry_index} was changed")


def _check_erased(row: Row[tuple[object, ...]]) -> None:
    if row.erased_index is None or (row.erased_by is None and row.version > 1):
        raise LogDamaged(f"the person of entry {row.entry_index} is gone, and no entry says that they were erased")
    if row.erased_by is not None and row.erased_by <= row.entry_index:
        raise LogDamaged(f"the person of entry {row.entry_index} was erased by an entry before it")


def _check_erasures(connection: Connection) -> None:
    """Check that every `erased` entry covers exactly the entries listed for it, and that no other entry has
    erasures.
    """
    said = {
        row.entry_index: row.details
        for row in connection.execute(
            select(log_leaves.c.entry_index, log_leaves.c.details).where(log_leaves.c.event == Event.ERASED.value)
        )
    }
    rows = select(log_erasures.c.erased_by, log_erasures.c.entry_index).where(log_erasures.c.erased_by.is_not(None))
    listed: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(rows):
        listed[row.erased_by].append(row.entry_index)
    for index in said.keys() | listed.keys():
        found = listed[index]
        if said.get(index) != details(count=len(found), entries=digest_of_entries(found)):
            raise LogDamaged(f"the entries that number {index} erased a person from are not those that it names")


def _check_nodes(connection: Connection, growth: TreeBuilder) -> None:
    expected = {(level, position): value for level, position, value in growth.complete}
    if log.stored_nodes(connection, expected) != expected:
        raise LogDamaged(f"a node over the entries before {growth.size} was changed or is missing")


def _check_counts(connection: Connection, head: Head) -> None:
    nodes = connection.execute(select(func.count()).select_from(log_nodes)).scalar_one()
    if nodes != head.size - head.size.bit_count():  # complete subtrees of more than one leaf
        raise LogDamaged("there are nodes that no entry leads to")
