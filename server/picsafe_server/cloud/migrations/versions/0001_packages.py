"""Packages, and what is still to be deleted."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = DateTimeUTC(timezone=True)
    op.create_table(
        "packages",
        sa.Column("region", sa.String(2), nullable=False),
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("stored_at", moment, nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("gone_at", moment, nullable=True),
        sa.Column("gone_because", sa.String(10), nullable=True),
        sa.PrimaryKeyConstraint("region", "report_id", name="pk_packages"),
    )
    op.create_index("ix_packages_until", "packages", ["region", "state", "until"])
    op.create_index("ix_packages_began_at", "packages", ["region", "state", "began_at"])
    op.create_table(
        "discards",
        sa.Column("region", sa.String(2), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.PrimaryKeyConstraint("region", "name", name="pk_discards"),
    )


def downgrade() -> None:
    op.drop_table("discards")
    op.drop_table("packages")
