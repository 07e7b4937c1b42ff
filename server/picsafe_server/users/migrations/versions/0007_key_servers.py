"""Where a report's key is, and where an institution has the keys of new reports made; empty for PicSafe's own key
server.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_URL = sa.String(500)


def upgrade() -> None:
    op.add_column("institutions", sa.Column("key_server", _URL, nullable=True))
    op.add_column("reports", sa.Column("key_server", _URL, nullable=True))


def downgrade() -> None:
    op.drop_column("reports", "key_server")
    op.drop_column("institutions", "key_server")
