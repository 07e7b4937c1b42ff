"""The access log in the database: read its head, append entries, check that the stored rows form one tree."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Dialect, Table, and_, bindparam, func, insert, or_, select, update

from picsafe_protocol.crypto.merkle import HASH, leaf_hash
from picsafe_server.keys.db.models import log_audience, log_head, log_leaves, log_nodes, log_people
from picsafe_server.keys.log.entries import Entry, Person
from picsafe_server.keys.log.tree import (
    Coordinate,
    Head,
    TreeBuilder,
    consistency_plan,
    frontier_of,
    inclusion_plan,
    inclusion_proof,
    root_of,
)


class LogDamaged(Exception):
    """The stored rows do not form one tree. The key server does not serve until somebody has examined it."""


_READ_HEAD = select(log_head.c.size, log_head.c.frontier)
_LOCK_HEAD = _READ_HEAD.with_for_update()
_MOVE_HEAD = update(log_head).values(size=bindparam("new_size"), frontier=bindparam("new_frontier"))


def read_head(connection: Connection, *, lock: bool = False) -> Head:
    """The current tree. With `lock`, nobody else can add to it until this transaction ends."""
    row = connection.execute(_LOCK_HEAD if lock else _READ_HEAD).one_or_none()
    if row is None:
        raise LogDamaged("the log has no head")
    size, frontier = row[0], bytes(row[1])
    hashes = tuple(frontier[start : start + HASH] for start in range(0, len(frontier), HASH))
    if len(frontier) != HASH * size.bit_count():
        raise LogDamaged(f"the head of {size} entries has a frontier of {len(frontier)} bytes")
    return Head(size, hashes)


def append(connection: Connection, growth: TreeBuilder, entries: Sequence[tuple[Entry, str, Iterable[str]]]) -> None:
    """Store entries that `growth` has taken up, each with the issuer and the institutions whose administrators may read
    it.
    """
    insert_rows(connection, log_leaves, [_leaf_row(entry) for entry, _, _ in entries])
    people = [(entry, entry.person) for entry, _, _ in entries]
    insert_rows(connection, log_people, [_person_row(entry, person) for entry, person in people if person is not None])
    insert_rows(
        connection,
        log_audience,
        [(issuer, institution, entry.index) for entry, issuer, institutions in entries for institution in institutions],
    )
    insert_rows(connection, log_nodes, growth.complete)
    head = growth.head
    connection.execute(_MOVE_HEAD, {"new_size": head.size, "new_frontier": b"".join(head.frontier)})


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows whose values are in the order of the table's columns. The driver takes them unchanged, at a third of
    the cost.
    """
    if rows:
        connection.exec_driver_sql(_insert_text(table, connection.dialect), list(rows))


@functools.lru_cache(maxsize=64)
def _insert_text(table: Table, dialect: Dialect) -> str:
    return str(insert(table).compile(dialect=dialect))


def _leaf_row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.index,
        entry.commitment,
        entry.salt,
        entry.time,
        entry.event.value,
        entry.result,
        entry.report_id,
        entry.key_id,
        entry.person_commitment,
        entry.version,
        entry.details,
    )


def _person_row(entry: Entry, person: Person) -> tuple[object, ...]:
    return (
        entry.index,
        entry.person_salt,
        person.issuer,
        person.subject,
        person.name,
        person.email,
        person.institution,
        person.institution_name,
        person.address,
        person.reason,
    )


def stored_nodes(connection: Connection, coordinates: Iterable[Coordinate]) -> dict[Coordinate, bytes]:
    """The hashes at `coordinates`, those that are there."""
    wanted = set(coordinates)
    found: dict[Coordinate, bytes] = {}
    leaves = [position for level, position in wanted if level == 0]
    if leaves:
        query = select(log_leaves.c.entry_index, log_leaves.c.commitment)
        for index, commitment in connection.execute(query.where(log_leaves.c.entry_index.in_(leaves))):
            found[0, index] = leaf_hash(bytes(commitment))
    above = [coordinate for coordinate in wanted if coordinate[0] > 0]
    if above:
        places = or_(*(and_(log_nodes.c.level == level, log_nodes.c.position == position) for level, position in above))
        for level, position, value in connection.execute(select(log_nodes).where(places)):
            found[level, position] = bytes(value)
    return found


def stored_inclusion_proof(connection: Connection, index: int, size: int) -> list[bytes]:
    """RFC 6962 section 2.1.1 for any entry in the tree of any size up to the present one; reads O(log size) rows."""
    plan = inclusion_plan(index, size)
    nodes = stored_nodes(connection, (coordinate for part in plan for coordinate in part))
    try:
        return inclusion_proof(index, size, nodes)
    except KeyError as error:
        raise LogDamaged(f"the node at level and position {error} is not stored") from error


def stored_consistency_proof(connection: Connection, old: int, new: int) -> list[bytes]:
    """RFC 6962 section 2.1.2 for any two sizes up to the present one, 0 < old <= new; reads O(log new) rows."""
    plan = consistency_plan(old, new)
    nodes = stored_nodes(connection, (coordinate for part in plan for coordinate in part))
    try:
        return [root_of([nodes[coordinate] for coordinate in part]) for part in plan]
    except KeyError as error:
        raise LogDamaged(f"the node at level and position {error} is not stored") from error


def check(connection: Connection) -> Head:
    """The head, once it is certain that the newest stored leaf and the stored nodes belong to it; `LogDamaged`
    otherwise.

    Reads O(log size) rows. `audit.recompute` checks every leaf.
    """
    head = read_head(connection)
    newest = connection.execute(select(func.max(log_leaves.c.entry_index))).scalar_one()
    stored = 0 if newest is None else newest + 1
    if stored != head.size:
        raise LogDamaged(f"the head counts {head.size} entries, the newest stored one is number {stored}")
    coordinates = list(frontier_of(0, head.size))
    nodes = stored_nodes(connection, coordinates)
    if [nodes.get(coordinate) for coordinate in coordinates] != list(head.frontier):
        raise LogDamaged("the head is not the root of what is stored")
    if head.size:
        newest_leaf = stored_nodes(connection, [(0, newest)])[0, newest]
        beside_its_way_up = stored_inclusion_proof(connection, newest, head.size)  # all to its left
        if root_of([*reversed(beside_its_way_up), newest_leaf]) != head.root:
            raise LogDamaged("the newest entry does not lead to the root")
    return head
