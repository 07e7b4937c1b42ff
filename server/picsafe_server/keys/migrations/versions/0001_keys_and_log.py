"""Report keys, and the access log as a tree that can only grow.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEX = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNCHANGEABLE = ("log_leaves", "log_nodes", "log_audience")
_NUMBERED = {
    "log_leaves": "entry_index = NEW.entry_index",
    "log_nodes": "level = NEW.level AND position = NEW.position",
    "log_head": "id = NEW.id",
}


def upgrade() -> None:
    _create_keys()
    _create_log()
    op.execute(
        sa.text("INSERT INTO log_head (id, size, frontier) VALUES (1, 0, :frontier)").bindparams(
            sa.bindparam("frontier", b"", type_=sa.LargeBinary)
        )
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _create_keys() -> None:
    op.create_table(
        "report_keys",
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("issuer", sa.String(400), nullable=False),
        sa.Column("report_id", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("access", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("master", sa.Integer, nullable=False),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("destroyed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("key_id", name="pk_report_keys"),
        sa.UniqueConstraint("issuer", "report_id", name="uq_report_keys_issuer"),
    )
    undestroyed = sa.text("wrapped IS NOT NULL")
    op.create_index(
        "ix_report_keys_due", "report_keys", ["until"], sqlite_where=undestroyed, postgresql_where=undestroyed
    )
    op.create_index("ix_report_keys_master", "report_keys", ["master"])
    op.create_table(
        "refusal_windows",
        sa.Column("issuer", sa.String(400), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("logged", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_refusal_windows"),
    )
    op.create_index("ix_refusal_windows_since", "refusal_windows", ["since"])


def _create_log() -> None:
    op.create_table(
        "log_leaves",
        sa.Column("entry_index", _INDEX, autoincrement=False, nullable=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("result", sa.String(32)),
        sa.Column("report_id", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("person", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("entry_index", name="pk_log_leaves"),
    )
    op.create_index("ix_log_leaves_key_id", "log_leaves", ["key_id", "entry_index"])
    op.create_table(
        "log_people",
        sa.Column("entry_index", _INDEX, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        sa.Column("issuer", sa.String(400), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("institution", sa.String(64)),
        sa.Column("institution_name", sa.Text),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("entry_index", name="pk_log_people"),
        sa.ForeignKeyConstraint(["entry_index"], ["log_leaves.entry_index"], name="fk_log_people_entry_index"),
    )
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name="pk_log_nodes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_audience",
        sa.Column("issuer", sa.String(400), nullable=False),
        sa.Column("institution", sa.String(64), nullable=False),
        sa.Column("entry_index", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "institution", "entry_index", name="pk_log_audience"),
        sa.ForeignKeyConstraint(["entry_index"], ["log_leaves.entry_index"], name="fk_log_audience_entry_index"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_head"),
        sa.CheckConstraint("id = 1", name="single"),
    )


def _guard_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END"
    for table in _UNCHANGEABLE:
        op.execute(f"CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} {refuse}")
    for table in (*_UNCHANGEABLE, "log_people"):
        op.execute(f"CREATE TRIGGER {table}_fix BEFORE UPDATE ON {table} {refuse}")
    for table, same in _NUMBERED.items():
        # INSERT OR REPLACE deletes without firing a trigger for deletion; who is replaced elsewhere shows in the hashes
        op.execute(
            f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"  # noqa: S608 the names are the ones above
        )
    op.execute(f"CREATE TRIGGER log_head_keep BEFORE DELETE ON log_head {refuse}")
    op.execute(f"CREATE TRIGGER log_head_grow BEFORE UPDATE ON log_head WHEN NEW.size <= OLD.size {refuse}")


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_to_change_log() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the access log is append-only'; END $$"
    )
    refuse = "EXECUTE FUNCTION refuse_to_change_log()"
    for table in _UNCHANGEABLE:
        op.execute(f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}")
        op.execute(f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")
    op.execute(f"CREATE TRIGGER log_people_fix BEFORE UPDATE ON log_people FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER log_head_keep BEFORE DELETE ON log_head FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER log_head_whole BEFORE TRUNCATE ON log_head FOR EACH STATEMENT {refuse}")
    op.execute(
        f"CREATE TRIGGER log_head_grow BEFORE UPDATE ON log_head FOR EACH ROW WHEN (NEW.size <= OLD.size) {refuse}"
    )


def downgrade() -> None:
    raise RuntimeError("the access log is never taken back: restore a backup instead")
