"""Alembic's entry point for the key server's database."""

from picsafe_server.keys.db.models import metadata
from picsafe_server.runtime.database import run_migrations

run_migrations(metadata)
