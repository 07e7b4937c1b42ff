"""Accounts, institutions, sessions, the index of reports and the changes to it."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = DateTimeUTC(timezone=True)


def upgrade() -> None:
    _create_people()
    _create_reports()
    _create_live()
    op.bulk_insert(sa.table("changes", sa.column("id"), sa.column("last")), [{"id": 1, "last": 0}])


def downgrade() -> None:
    op.drop_table("events")
    op.drop_table("listings")
    op.drop_table("changes")
    op.drop_table("withdrawal_calls")
    op.drop_table("openings")
    op.drop_table("report_institutions")
    op.drop_table("report_recipients")
    op.drop_table("reports")
    op.drop_table("correspondence")
    op.drop_table("sign_in_failures")
    op.drop_table("invitations")
    op.drop_table("sessions")
    op.drop_table("service_accounts")
    op.drop_table("accounts")
    op.drop_table("institutions")


def _create_people() -> None:
    op.create_table(
        "institutions",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("idle_lock_minutes", sa.Integer(), nullable=False),
        sa.Column("members_may_open", sa.String(10), nullable=False),
        sa.Column("key_servers", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_institutions"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("search", sa.String(455), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("institution_id", sa.String(26), nullable=True),
        sa.Column("role", sa.String(20), nullable=True),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name="fk_accounts_institution_id_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_index("ix_accounts_institution_id", "accounts", ["institution_id", "email"])
    op.create_index(
        "uq_accounts_email",
        "accounts",
        ["email"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "service_accounts",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("institution_id", sa.String(26), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name="fk_service_accounts_institution_id_institutions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_accounts"),
    )
    op.create_index("ix_service_accounts_institution_id", "service_accounts", ["institution_id"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("device", sa.String(100), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sessions_account_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_last_used_at", "sessions", ["last_used_at"])
    op.create_table(
        "invitations",
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_invitations_account_id_accounts"),
        sa.PrimaryKeyConstraint("account_id", name="pk_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_began_at", "sign_in_failures", ["began_at"])
    op.create_table(
        "correspondence",
        sa.Column("sender_id", sa.String(26), nullable=False),
        sa.Column("recipient_id", sa.String(26), nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["recipient_id"], ["accounts.id"], name="fk_correspondence_recipient_id_accounts"),
        sa.ForeignKeyConstraint(["sender_id"], ["accounts.id"], name="fk_correspondence_sender_id_accounts"),
        sa.PrimaryKeyConstraint("sender_id", "recipient_id", name="pk_correspondence"),
    )


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("sender_id", sa.String(26), nullable=False),
        sa.Column("region", sa.String(2), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("available_at", _MOMENT, nullable=True),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.Column("collected_at", _MOMENT, nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["sender_id"], ["accounts.id"], name="fk_reports_sender_id_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
    )
    op.create_index("ix_reports_sender_id", "reports", ["sender_id", "state", "created_at"])
    op.create_index("ix_reports_state", "reports", ["state", "expires_at"])
    op.create_table(
        "report_recipients",
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_report_recipients_account_id_accounts"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_report_recipients_report_id_reports", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "account_id", name="pk_report_recipients"),
    )
    op.create_table(
        "report_institutions",
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("institution_id", sa.String(26), nullable=False),
        sa.Column("members", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name="fk_report_institutions_institution_id_institutions"
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_report_institutions_report_id_reports", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "institution_id", name="pk_report_institutions"),
    )
    op.create_table(
        "openings",
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("account_id", sa.String(26), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_openings_account_id_accounts"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_openings_report_id_reports", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "account_id", name="pk_openings"),
    )
    op.create_table(
        "withdrawal_calls",
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_withdrawal_calls_report_id_reports", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "action", name="pk_withdrawal_calls"),
    )
    op.create_index("ix_withdrawal_calls_next_at", "withdrawal_calls", ["next_at"])


def _create_live() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_table(
        "listings",
        sa.Column("audience", sa.String(40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_listings_report_id_reports", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("audience", "sequence", name="pk_listings"),
    )
    op.create_index("ix_listings_report_id", "listings", ["report_id"])
    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("report_id", sa.String(26), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", "audience", name="pk_events"),
    )
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index("ix_events_audience", "events", ["audience", "sequence"])
