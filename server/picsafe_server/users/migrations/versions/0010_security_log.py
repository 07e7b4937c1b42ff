"""The security log, addresses beside the names of administrators, and institutions that were removed."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "security_log",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=True),
        sa.Column("institution_id", sa.String(26), nullable=True),
        sa.Column("actor", sa.String(20), nullable=False),
        sa.Column("by_id", sa.String(26), nullable=True),
        sa.Column("network", sa.String(50), nullable=True),
        sa.Column("device", sa.String(100), nullable=True),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_security_log"),
    )
    op.create_index("ix_security_log_at", "security_log", ["at"])
    op.create_index("ix_security_log_account_id", "security_log", ["account_id", "number"])
    op.create_index("ix_security_log_institution_id", "security_log", ["institution_id", "number"])
    op.add_column("institutions", sa.Column("removed_at", DateTimeUTC(timezone=True), nullable=True))
    op.add_column("accounts", sa.Column("reset_by_email", sa.String(254), nullable=True))
    op.add_column("invitations", sa.Column("made_by_email", sa.String(254), nullable=True))
    op.add_column("administrative_acts", sa.Column("who_email", sa.String(254), nullable=True))


def downgrade() -> None:
    op.drop_column("administrative_acts", "who_email")
    op.drop_column("invitations", "made_by_email")
    op.drop_column("accounts", "reset_by_email")
    op.drop_column("institutions", "removed_at")
    op.drop_table("security_log")
