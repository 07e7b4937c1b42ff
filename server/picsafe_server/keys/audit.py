"""Checking the whole log: every statement against its leaf, every person against its statement, every node against the leaves.

`log.check` at start looks at the head only; this reads everything, for `picsafe-server keys check-log`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Row, func, select

from picsafe_protocol.merkle import leaf_hash
from picsafe_server.clock import rfc3339
from picsafe_server.keys import log
from picsafe_server.keys.entries import Event, Person, moment, person_commitment, statement_commitment, statement_text
from picsafe_server.keys.log import LogDamaged
from picsafe_server.keys.models import log_leaves, log_nodes, log_people
from picsafe_server.keys.tree import Growth, Head

ROWS = 1000


def recompute(connection: Connection) -> Head:
    """The head, computed from nothing but the entries; `LogDamaged` names the first that is not what the tree committed to."""
    stored = log.check(connection)
    growth = Growth(Head(0, ()))
    for start in range(0, stored.size, ROWS):
        for row in _entries(connection, start):
            if row.entry_index != growth.size:
                raise LogDamaged(f"entry {growth.size} is missing")
            _check_entry(row)
            growth.add(leaf_hash(bytes(row.commitment)))
        _check_nodes(connection, growth)
        growth = Growth(growth.head)
    if growth.head != stored:
        raise LogDamaged("the entries are not those of the head")
    _check_counts(connection, stored)
    return stored


def _entries(connection: Connection, start: int) -> Iterator[Row[tuple[object, ...]]]:
    people = [column.label(f"person_{column.name}") for column in log_people.c]
    query = select(log_leaves, *people).outerjoin(log_people, log_people.c.entry_index == log_leaves.c.entry_index)
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
        return  # nobody acted, or they were erased
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


def _check_nodes(connection: Connection, growth: Growth) -> None:
    expected = {(level, position): value for level, position, value in growth.complete}
    if log.stored_nodes(connection, expected) != expected:
        raise LogDamaged(f"a node over the entries before {growth.size} was changed or is missing")


def _check_counts(connection: Connection, head: Head) -> None:
    nodes = connection.execute(select(func.count()).select_from(log_nodes)).scalar_one()
    if nodes != head.size - head.size.bit_count():  # complete subtrees of more than one leaf
        raise LogDamaged("there are nodes that no entry leads to")
