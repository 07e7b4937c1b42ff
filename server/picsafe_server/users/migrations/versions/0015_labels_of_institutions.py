"""Whether the reports of an institution get sealed labels."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("institutions", sa.Column("labels", sa.String(10), server_default="sealed", nullable=False))


def downgrade() -> None:
    op.drop_column("institutions", "labels")
