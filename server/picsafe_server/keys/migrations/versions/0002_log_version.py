"""Entries say of which version they are; those that are there already are of version 1.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log_leaves", sa.Column("version", sa.SmallInteger, nullable=False, server_default=sa.text("1")))
    op.add_column("log_leaves", sa.Column("details", sa.Text))


def downgrade() -> None:
    raise RuntimeError("the access log is never taken back: restore a backup instead")
