"""Mail domains of institutions. Those that there are get the domains of their present members."""

from datetime import UTC, datetime

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

from picsafe_server.users.names import email_addresses
from picsafe_server.users.names.display_names import search_text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_accounts = sa.table(
    "accounts",
    sa.column("id"),
    sa.column("email"),
    sa.column("name"),
    sa.column("search"),
    sa.column("institution_id"),
    sa.column("removed_at"),
)


def upgrade() -> None:
    domains = op.create_table(
        "institution_domains",
        sa.Column("domain", sa.String(254), nullable=False),
        sa.Column("institution_id", sa.String(26), nullable=False),
        sa.Column("added_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name="fk_institution_domains_institution_id_institutions"
        ),
        sa.PrimaryKeyConstraint("domain", name="pk_institution_domains"),
    )
    op.create_index("ix_institution_domains_institution_id", "institution_domains", ["institution_id"])
    _write_domains_in_ascii()
    now = datetime.now(UTC)
    rows = [
        {"domain": domain, "institution_id": institution, "added_at": now}
        for domain, institution in _domains_of_members().items()
    ]
    if rows:
        op.bulk_insert(domains, rows)


def downgrade() -> None:
    op.drop_table("institution_domains")


def _write_domains_in_ascii() -> None:
    """An address is found by its domain's ASCII form from now on."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(_accounts.c.id, _accounts.c.email, _accounts.c.name)).all():
        email = email_addresses.normalise(row.email)
        if email != row.email:
            connection.execute(
                _accounts.update()
                .where(_accounts.c.id == row.id)
                .values(email=email, search=search_text(row.name, email))
            )


def _domains_of_members() -> dict[str, str]:
    """A domain that members of two institutions have belongs to neither: the operator decides."""
    members = sa.select(_accounts.c.email, _accounts.c.institution_id).where(
        _accounts.c.institution_id.is_not(None), _accounts.c.removed_at.is_(None)
    )
    found: dict[str, set[str]] = {}
    for row in op.get_bind().execute(members):
        found.setdefault(email_addresses.domain_of(row.email), set()).add(row.institution_id)
    return {domain: next(iter(owners)) for domain, owners in found.items() if len(owners) == 1}
