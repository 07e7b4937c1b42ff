"""Erasing a person is an entry of the log: without one the database refuses to delete them.

Who was erased before this is listed without such an entry. Nobody else can be.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INDEX = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_erasures",
        sa.Column("entry_index", _INDEX, autoincrement=False, nullable=False),
        sa.Column("erased_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("entry_index", name="pk_log_erasures"),
        sa.ForeignKeyConstraint(["entry_index"], ["log_leaves.entry_index"], name="fk_log_erasures_entry_index"),
    )
    op.create_index("ix_log_erasures_erased_by", "log_erasures", ["erased_by"])
    op.execute(
        "INSERT INTO log_erasures (entry_index) SELECT entry_index FROM log_leaves WHERE person IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM log_people WHERE log_people.entry_index = log_leaves.entry_index)"
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END"
    op.execute(f"CREATE TRIGGER log_erasures_keep BEFORE DELETE ON log_erasures {refuse}")
    op.execute(f"CREATE TRIGGER log_erasures_fix BEFORE UPDATE ON log_erasures {refuse}")
    same = "SELECT 1 FROM log_erasures WHERE entry_index = NEW.entry_index"
    op.execute(f"CREATE TRIGGER log_erasures_once BEFORE INSERT ON log_erasures WHEN EXISTS ({same}) {refuse}")
    named = "SELECT 1 FROM log_leaves WHERE entry_index = NEW.erased_by AND event = 'erased'"
    op.execute(f"CREATE TRIGGER log_erasures_named BEFORE INSERT ON log_erasures WHEN NOT EXISTS ({named}) {refuse}")
    said = "SELECT 1 FROM log_erasures WHERE entry_index = OLD.entry_index"
    op.execute(
        f"CREATE TRIGGER log_people_keep BEFORE DELETE ON log_people WHEN NOT EXISTS ({said}) "
        "BEGIN SELECT RAISE(ABORT, 'the access log is append-only: erasing is an entry of it'); END"
    )


def _guard_postgresql() -> None:
    refuse = "EXECUTE FUNCTION refuse_to_change_log()"
    op.execute(f"CREATE TRIGGER log_erasures_keep BEFORE UPDATE OR DELETE ON log_erasures FOR EACH ROW {refuse}")
    for table in ("log_erasures", "log_people"):
        op.execute(f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")
    op.execute(
        "CREATE FUNCTION refuse_unnamed_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NOT EXISTS (SELECT 1 FROM log_leaves WHERE entry_index = NEW.erased_by AND event = 'erased') THEN "
        "RAISE EXCEPTION 'the access log is append-only'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_unlogged_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NOT EXISTS (SELECT 1 FROM log_erasures WHERE entry_index = OLD.entry_index) THEN "
        "RAISE EXCEPTION 'the access log is append-only: erasing is an entry of it'; END IF; RETURN OLD; END $$"
    )
    named = "BEFORE INSERT ON log_erasures FOR EACH ROW EXECUTE FUNCTION refuse_unnamed_erasure()"
    logged = "BEFORE DELETE ON log_people FOR EACH ROW EXECUTE FUNCTION refuse_unlogged_erasure()"
    op.execute(f"CREATE TRIGGER log_erasures_named {named}")
    op.execute(f"CREATE TRIGGER log_people_keep {logged}")


def downgrade() -> None:
    raise RuntimeError("the access log is never taken back: restore a backup instead")
