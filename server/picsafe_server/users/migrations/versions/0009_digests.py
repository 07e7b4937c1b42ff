"""What a sender says that the package of a report is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("digest", sa.String(64), nullable=True))
    op.add_column("reports", sa.Column("digest_due", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("reports", "digest_due")
    op.drop_column("reports", "digest")
