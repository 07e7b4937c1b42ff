"""Reports marked as done and as filed."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_marks",
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("done_at", DateTimeUTC(timezone=True)),
        sa.Column("filed_at", DateTimeUTC(timezone=True)),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_report_marks_report_id_reports"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_report_marks_account_id_accounts")),
        sa.PrimaryKeyConstraint("report_id", "account_id", name=op.f("pk_report_marks")),
    )


def downgrade() -> None:
    op.drop_table("report_marks")
