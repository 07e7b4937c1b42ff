"""How large a sender says that a report is going to be."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("declared", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("reports", "declared")
