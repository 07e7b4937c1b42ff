"""The administration record, and passwords that were reset."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = DateTimeUTC(timezone=True)


def upgrade() -> None:
    op.create_table(
        "administrative_acts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.String(26), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("who_id", sa.String(26), nullable=True),
        sa.Column("who_name", sa.String(200), nullable=True),
        sa.Column("act", sa.String(30), nullable=False),
        sa.Column("whom_id", sa.String(26), nullable=True),
        sa.Column("whom_name", sa.String(254), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name="fk_administrative_acts_institution_id_institutions"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_administrative_acts"),
    )
    op.create_index("ix_administrative_acts_institution_id", "administrative_acts", ["institution_id", "number"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()
    op.add_column("accounts", sa.Column("reset_at", _MOMENT, nullable=True))
    op.add_column("accounts", sa.Column("reset_by", sa.String(200), nullable=True))
    op.add_column("accounts", sa.Column("reset_seen_at", _MOMENT, nullable=True))
    op.add_column("invitations", sa.Column("made_by", sa.String(200), nullable=True))


def downgrade() -> None:
    op.drop_column("invitations", "made_by")
    for column in ("reset_seen_at", "reset_by", "reset_at"):
        op.drop_column("accounts", column)
    op.drop_table("administrative_acts")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_administrative_act()")


def _guard_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the administration record is append-only'); END"
    for name, event in (("keep", "DELETE"), ("fix", "UPDATE")):
        op.execute(f"CREATE TRIGGER administrative_acts_{name} BEFORE {event} ON administrative_acts {refuse}")
    # INSERT OR REPLACE deletes without firing a trigger for deletion
    same = "EXISTS (SELECT 1 FROM administrative_acts WHERE number = NEW.number)"
    op.execute(f"CREATE TRIGGER administrative_acts_once BEFORE INSERT ON administrative_acts WHEN {same} {refuse}")


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_administrative_act() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'the administration record is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER administrative_acts_keep BEFORE UPDATE OR DELETE ON administrative_acts"
        " FOR EACH ROW EXECUTE FUNCTION refuse_administrative_act()"
    )
    op.execute(
        "CREATE TRIGGER administrative_acts_stay BEFORE TRUNCATE ON administrative_acts"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_administrative_act()"
    )
