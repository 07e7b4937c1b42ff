"""When somebody joined their institution. Until now nobody could move, so it was with the making of the account."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("joined_at", DateTimeUTC(timezone=True), nullable=True))
    op.execute("UPDATE accounts SET joined_at = created_at WHERE institution_id IS NOT NULL")


def downgrade() -> None:
    op.drop_column("accounts", "joined_at")
