"""The `created` entry that accompanies a released key: who sent the report, and how old the key is.

The entry's full `person` text is never returned here, because it holds the network address of the sender.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from picsafe_protocol.contracts.api.keys import Event, KeySender
from picsafe_server.keys.log import store as log
from picsafe_server.keys.log.checkpoint import offline_proof
from picsafe_server.keys.log.entries import moment, statement_text
from picsafe_server.runtime.clock import rfc3339

PROOFS_KEPT = 4096
"""Proofs of `created` entries at hand, some 2 KiB each. One that is not here costs a few rows; an old one proves as
well as a new one.
"""


@dataclass(slots=True)
class Created:
    """The entry. `sender` is None when that person was erased from the log."""

    index: int
    time_text: str
    statement: bytes
    salt: bytes
    sender: KeySender | None
    inclusion_proof: str = ""
    """c2sp.org/tlog-proof@v1, as `Entry` has it; empty until the appender has filled it in."""


_LEAF = "entry_index, event, key_id, report_id, result, salt, time, person, version, details"
_PERSON = "issuer, subject, name, email, institution, institution_name"
_COLUMNS = ", ".join([*(f"l.{name}" for name in _LEAF.split(", ")), *(f"p.{name}" for name in _PERSON.split(", "))])
# A key's first entry is that of its making. The index finds it directly; to look through all entries of a key would cost
# more with every release of it.
_SELECT = (
    f"SELECT {_COLUMNS} FROM report_keys k"  # noqa: S608 our own names
    " JOIN log_leaves l ON l.entry_index = (SELECT min(f.entry_index) FROM log_leaves f WHERE f.key_id = k.key_id)"
    f" LEFT JOIN log_people p ON p.entry_index = l.entry_index WHERE l.event = '{Event.CREATED.value}' AND k.key_id"
)


def by_key(connection: Connection, key_ids: Collection[str]) -> dict[str, Created]:
    """The entries of keys, by identifier, without their proofs."""
    if not key_ids:
        return {}
    names = tuple(key_ids)
    if connection.dialect.name == "sqlite":  # in the driver's own words, as `keystore.by_id`: every release asks this
        rows = connection.exec_driver_sql(f"{_SELECT} IN ({', '.join('?' * len(names))})", names)
    else:
        rows = connection.exec_driver_sql(f"{_SELECT} = ANY($1)", (list(names),))
    return {row[2]: _created(row) for row in rows}


def _created(row: Any) -> Created:
    index, _, key_id, report_id, result, salt, time, person, version, details, *who = row
    time_text, statement = _texts(key_id, report_id, result, time, person, version, details)
    return Created(index, time_text, statement, bytes(salt), None if who[0] is None else KeySender(*who))


@functools.lru_cache(maxsize=PROOFS_KEPT)
def _texts(
    key_id: str, report_id: str, result: str | None, time: int, person: bytes | None, version: int, details: str | None
) -> tuple[str, bytes]:
    """Time and statement of a `created` entry, which never change: the people of a report ask for the same one."""
    time_text = rfc3339(moment(time))
    statement = statement_text(version, time_text, Event.CREATED, result, report_id, key_id, person, details)
    return time_text, statement


class Proofs:
    """A cache of inclusion proofs of `created` entries."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, str] = OrderedDict()

    def keep(self, index: int, proof: str) -> None:
        """Remember the proof of an entry."""
        self._kept[index] = proof
        self._kept.move_to_end(index)
        while len(self._kept) > PROOFS_KEPT:
            self._kept.popitem(last=False)

    def hashes(self, connection: Connection, wanted: Collection[Created], size: int) -> dict[int, list[bytes]]:
        """The hashes missing for the proofs of `wanted` in the tree of `size`: reads O(log size) rows for each proof
        not in the cache.
        """
        missing = {entry.index for entry in wanted} - self._kept.keys()
        return {index: log.stored_inclusion_proof(connection, index, size) for index in missing}

    def fill(self, wanted: Collection[Created], hashes: dict[int, list[bytes]], checkpoint: str) -> None:
        """Give each of `wanted` its proof; those of `hashes` end in `checkpoint`."""
        for index, path in hashes.items():
            self.keep(index, offline_proof(index, path, checkpoint))
        for entry in wanted:
            entry.inclusion_proof = self._kept.get(entry.index, "")
