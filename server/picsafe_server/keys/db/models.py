"""The key server's database: report keys, and the access log as a tree. Times are milliseconds since 1970 in UTC.

The log is append-only: `migrations/versions/0001_keys_and_log.py` adds triggers under which leaves, nodes and audience
can be neither changed nor deleted, people can be deleted (erasure) but not changed, and the tree can only grow.
`0003_erasures.py` lets people be deleted only where `log_erasures` names the entry of the log that says so.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from picsafe_server.runtime.key_fingerprints import known_keys_table

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

_IDENTIFIER = String(64)
_ISSUER = String(400)
_MOMENT = BigInteger()
_INDEX = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's own row number when it is the primary key

report_keys = Table(
    "report_keys",
    metadata,
    Column("key_id", _IDENTIFIER, primary_key=True),
    Column("issuer", _ISSUER, nullable=False),  # the user server whose report and people these are
    Column("report_id", _IDENTIFIER, nullable=False),
    Column("owner", _IDENTIFIER, nullable=False),
    Column("access", LargeBinary, nullable=False),  # JSON: recipients and institutions, as the grant gave them
    Column("created_at", _MOMENT, nullable=False),
    Column("until", _MOMENT, nullable=False),
    Column("master", Integer, nullable=False),  # number of the master key that wraps this key
    Column("wrapped", LargeBinary),  # null once revoked or destroyed: then nobody can have it back
    Column("revoked_at", _MOMENT),
    Column("destroyed_at", _MOMENT),
    UniqueConstraint("issuer", "report_id"),
    Index(
        "ix_report_keys_due",
        "until",
        sqlite_where=text("wrapped IS NOT NULL"),
        postgresql_where=text("wrapped IS NOT NULL"),
    ),
    Index("ix_report_keys_master", "master"),
)

log_leaves = Table(
    "log_leaves",
    metadata,
    Column("entry_index", _INDEX, primary_key=True, autoincrement=False),
    Column("commitment", LargeBinary(32), nullable=False),  # the leaf's data: hash of tag, salt and statement
    Column("salt", LargeBinary(32), nullable=False),
    Column("time", _MOMENT, nullable=False),
    Column("event", String(16), nullable=False),
    Column("result", String(32)),
    Column("report_id", _IDENTIFIER, nullable=False),
    Column("key_id", _IDENTIFIER, nullable=False),
    Column("person", LargeBinary(32)),  # hash of tag, salt and person; stays when the person is erased
    Column("version", SmallInteger, nullable=False, server_default=text("1")),
    Column("details", Text),  # canonical JSON of an event that is about no single key
    Index("ix_log_leaves_key_id", "key_id", "entry_index"),
)

log_people = Table(
    "log_people",
    metadata,
    Column("entry_index", _INDEX, ForeignKey("log_leaves.entry_index"), primary_key=True, autoincrement=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("issuer", _ISSUER, nullable=False),
    Column("subject", _IDENTIFIER, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("institution", _IDENTIFIER),
    Column("institution_name", Text),
    Column("address", String(64), nullable=False),
    Column("reason", Text, nullable=False),
)

log_erasures = Table(
    "log_erasures",
    metadata,
    Column("entry_index", _INDEX, ForeignKey("log_leaves.entry_index"), primary_key=True, autoincrement=False),
    Column("erased_by", BigInteger),  # the entry that says so; null where it was before there were such entries
    Index("ix_log_erasures_erased_by", "erased_by"),
)

log_nodes = Table(
    "log_nodes",
    metadata,
    Column("level", SmallInteger, primary_key=True),  # 1: the parent of two leaves; leaves are not kept twice
    Column("position", BigInteger, primary_key=True),  # covers leaves position * 2^level and the 2^level - 1 after
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

log_audience = Table(
    "log_audience",
    metadata,
    Column("issuer", _ISSUER, primary_key=True),
    Column("institution", _IDENTIFIER, primary_key=True),
    Column("entry_index", BigInteger, ForeignKey("log_leaves.entry_index"), primary_key=True),
    sqlite_with_rowid=False,
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", SmallInteger, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),  # roots of the complete subtrees, largest first, 32 bytes each
)

refusal_windows = Table(
    "refusal_windows",
    metadata,
    Column("issuer", _ISSUER, primary_key=True),
    Column("subject", _IDENTIFIER, primary_key=True),
    Column("since", _MOMENT, nullable=False),
    Column("logged", Integer, nullable=False),
    Index("ix_refusal_windows_since", "since"),
)

known_keys = known_keys_table(metadata)

RUNTIME_RIGHTS: Final = {
    "log_leaves": "SELECT, INSERT",
    "log_nodes": "SELECT, INSERT",
    "log_audience": "SELECT, INSERT",
    "log_people": "SELECT, INSERT, DELETE",
    "log_erasures": "SELECT, INSERT",
    "log_head": "SELECT, UPDATE",
}
"""What the database user of a running key server may do with the log's tables, where it is not their owner
(PostgreSQL).
"""
