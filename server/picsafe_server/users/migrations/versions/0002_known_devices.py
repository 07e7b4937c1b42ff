"""Browsers that an account has signed in with."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_devices",
        sa.Column("proof", sa.LargeBinary(32), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("last_used_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_known_devices_account_id_accounts"),
        sa.PrimaryKeyConstraint("proof", name="pk_known_devices"),
    )
    op.create_index("ix_known_devices_account_id", "known_devices", ["account_id"])
    op.create_index("ix_known_devices_last_used_at", "known_devices", ["last_used_at"])


def downgrade() -> None:
    op.drop_table("known_devices")
