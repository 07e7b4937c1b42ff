"""Which signing key this database was used with, and the newest checkpoint of each key server."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_keys",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_known_keys"),
    )
    op.create_table(
        "key_server_logs",
        sa.Column("key_server", sa.String(500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seen_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("contradiction", sa.Text(), nullable=True),
        sa.Column("contradicted_by", sa.Text(), nullable=True),
        sa.Column("contradicted_at", DateTimeUTC(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_server", name="pk_key_server_logs"),
    )


def downgrade() -> None:
    op.drop_table("key_server_logs")
    op.drop_table("known_keys")
