"""Report keys in the database, wrapped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, tuple_, update

from picsafe_server.keys.db.models import report_keys
from picsafe_server.keys.policy import KeyAcl

_CONTEXT = b"picsafe/report-key/v2|"
_decode_access = msgspec.json.Decoder(KeyAcl).decode


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `report_keys`. Times are milliseconds since 1970."""

    key_id: str
    issuer: str
    report_id: str
    access_json: bytes
    created_at: int
    until: int
    master: int
    wrapped: bytes | None
    revoked_at: int | None
    destroyed_at: int | None
    access: KeyAcl

    def __repr__(self) -> str:
        return f"KeyRecord(key_id={self.key_id!r})"

    @property
    def owner(self) -> str:
        """Who sent the report."""
        return self.access.owner

    @property
    def begun(self) -> int:
        """When the report was begun: with its key at the latest, whatever the grant says."""
        return self.created_at if self.access.begun is None else min(self.access.begun, self.created_at)

    @property
    def institutions(self) -> list[str]:
        """Institutions whose administrators may read what happened to the key."""
        return sorted({institution.id for institution in self.access.institutions})

    def context(self) -> bytes:
        """What the wrapping binds the key to: a row whose binding was changed in the database cannot be unwrapped."""
        binding = [self.key_id, self.report_id, self.issuer, self.owner, str(self.created_at), str(self.until)]
        return _CONTEXT + "|".join(binding).encode() + b"|" + self.access_json

    def former_context(self) -> bytes:
        """The same for keys that were wrapped before `created_at` was part of it. A wrapping is good for one of the two
        only.
        """
        binding = [self.key_id, self.report_id, self.issuer, self.owner, str(self.until)]
        return "|".join(binding).encode() + b"|" + self.access_json


_COLUMNS = [column for column in report_keys.c if column.name != "owner"]
_SELECT = f"SELECT {', '.join(column.name for column in _COLUMNS)} FROM report_keys WHERE key_id"  # noqa: S608 our own names


def _record(row: Sequence[Any]) -> KeyRecord:
    key_id, issuer, report_id, access, created_at, until, master, wrapped, revoked_at, destroyed_at = row
    return KeyRecord(
        key_id=key_id,
        issuer=issuer,
        report_id=report_id,
        access_json=bytes(access),
        created_at=created_at,
        until=until,
        master=master,
        wrapped=None if wrapped is None else bytes(wrapped),
        revoked_at=revoked_at,
        destroyed_at=destroyed_at,
        access=_decode_access(access),
    )


def by_id(connection: Connection, key_ids: Collection[str]) -> dict[str, KeyRecord]:
    """The keys that exist, by identifier."""
    if not key_ids:
        return {}
    # In the driver's own words: releases stand and fall by this one, and the general way costs four times as much.
    names = tuple(key_ids)
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"{_SELECT} IN ({', '.join('?' * len(names))})", names)
    else:
        rows = connection.exec_driver_sql(f"{_SELECT} = ANY($1)", (list(names),))
    return {row[0]: _record(row) for row in rows}


def by_report(connection: Connection, reports: Collection[tuple[str, str]]) -> dict[tuple[str, str], KeyRecord]:
    """The keys that exist, by issuer and report."""
    if not reports:
        return {}
    place = tuple_(report_keys.c.issuer, report_keys.c.report_id)
    rows = connection.execute(select(*_COLUMNS).where(place.in_(reports)))
    return {(row.issuer, row.report_id): _record(row) for row in rows}


def add(connection: Connection, records: Sequence[KeyRecord]) -> None:
    """Store new keys."""
    connection.execute(
        insert(report_keys),
        [
            {
                "key_id": record.key_id,
                "issuer": record.issuer,
                "report_id": record.report_id,
                "owner": record.owner,
                "access": record.access_json,
                "created_at": record.created_at,
                "until": record.until,
                "master": record.master,
                "wrapped": record.wrapped,
                "revoked_at": record.revoked_at,
            }
            for record in records
        ],
    )


def wipe(connection: Connection, records: Iterable[KeyRecord]) -> None:
    """Destroy the wrapped keys of records that were revoked or destroyed; the rows stay."""
    for record in records:
        connection.execute(
            update(report_keys)
            .where(report_keys.c.key_id == record.key_id)
            .values(wrapped=None, revoked_at=record.revoked_at, destroyed_at=record.destroyed_at)
        )


def due(connection: Connection, now: int, limit: int) -> list[str]:
    """Keys that have expired and are still there, the longest overdue first."""
    query = select(report_keys.c.key_id).where(report_keys.c.wrapped.is_not(None), report_keys.c.until <= now)
    return list(connection.scalars(query.order_by(report_keys.c.until).limit(limit)))


def wrapped_under_others(connection: Connection, masters: Collection[int]) -> dict[int, int]:
    """How many living keys each master key wraps that is not one of `masters`."""
    others = report_keys.c.wrapped.is_not(None) & report_keys.c.master.not_in(masters)
    counts = select(report_keys.c.master, func.count().label("living")).where(others).group_by(report_keys.c.master)
    return {row.master: row.living for row in connection.execute(counts)}


def not_wrapped_under(connection: Connection, master: int, after: str, limit: int) -> list[KeyRecord]:
    """Living keys under another master key than `master`, in the order of their identifiers, beyond `after`."""
    living = report_keys.c.wrapped.is_not(None) & (report_keys.c.master != master) & (report_keys.c.key_id > after)
    rows = connection.execute(select(*_COLUMNS).where(living).order_by(report_keys.c.key_id).limit(limit))
    return [_record(row) for row in rows]
