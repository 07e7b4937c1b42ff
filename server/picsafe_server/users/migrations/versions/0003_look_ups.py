"""How often somebody asks for people."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "look_ups",
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("began_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_look_ups"),
    )
    op.create_index("ix_look_ups_began_at", "look_ups", ["began_at"])


def downgrade() -> None:
    op.drop_table("look_ups")
