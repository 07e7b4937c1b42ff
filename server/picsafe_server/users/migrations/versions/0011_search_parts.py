"""The parts of names and addresses by which people are found, and an index of members by name."""

import sqlalchemy as sa
from alembic import op

from picsafe_server.users.recipients.search_index import parts_of

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_accounts = sa.table("accounts", sa.column("id"), sa.column("institution_id"), sa.column("search"))


def upgrade() -> None:
    parts = op.create_table(
        "account_parts",
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("part", sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql"), nullable=False),
        sa.Column("institution_id", sa.String(26), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_parts_account_id_accounts"),
        sa.PrimaryKeyConstraint("account_id", "part", name="pk_account_parts"),
    )
    op.create_index("ix_account_parts_institution_id", "account_parts", ["institution_id", "part", "account_id"])
    op.create_index("ix_accounts_institution_name", "accounts", ["institution_id", "name", "id"])
    connection = op.get_bind()
    rows = connection.execute(sa.select(_accounts.c.id, _accounts.c.institution_id, _accounts.c.search)).all()
    for start in range(0, len(rows), _AT_ONCE):
        written = [
            {"account_id": row.id, "institution_id": row.institution_id, "part": part}
            for row in rows[start : start + _AT_ONCE]
            for part in parts_of(row.search)
        ]
        op.bulk_insert(parts, written)


def downgrade() -> None:
    op.drop_index("ix_accounts_institution_name", "accounts")
    op.drop_table("account_parts")
