"""The list of piece hashes of a package, and its digest."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("packages", sa.Column("pieces", sa.LargeBinary(), nullable=True))
    op.add_column("packages", sa.Column("digest", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("packages", "digest")
    op.drop_column("packages", "pieces")
