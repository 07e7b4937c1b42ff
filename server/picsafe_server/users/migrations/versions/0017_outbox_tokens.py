"""Tokens with which an encrypted report goes on without a session."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_tokens",
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=True),
        sa.Column("ends_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_outbox_tokens_report_id_reports"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_outbox_tokens_account_id_accounts")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_outbox_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_outbox_tokens_token_hash")),
    )
    op.create_index(op.f("ix_outbox_tokens_account_id"), "outbox_tokens", ["account_id"])
    op.create_index(op.f("ix_outbox_tokens_ends_at"), "outbox_tokens", ["ends_at"])


def downgrade() -> None:
    op.drop_table("outbox_tokens")
