"""Secrets of the drafts that browsers keep sealed."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_secrets",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("ends_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_draft_secrets_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_secrets")),
    )
    op.create_index(op.f("ix_draft_secrets_account_id"), "draft_secrets", ["account_id"])
    op.create_index(op.f("ix_draft_secrets_ends_at"), "draft_secrets", ["ends_at"])


def downgrade() -> None:
    op.drop_table("draft_secrets")
