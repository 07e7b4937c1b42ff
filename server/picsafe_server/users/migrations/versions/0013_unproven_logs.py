"""What a key server has signed of its log and has not proved."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("key_server_logs", sa.Column("proven_at", DateTimeUTC(timezone=True), nullable=True))
    op.add_column("key_server_logs", sa.Column("unproven", sa.Text(), nullable=True))
    op.add_column("key_server_logs", sa.Column("unproven_since", DateTimeUTC(timezone=True), nullable=True))


def downgrade() -> None:
    for column in ("unproven_since", "unproven", "proven_at"):
        op.drop_column("key_server_logs", column)
