"""Alembic's entry point for the key server's database."""

from picsafe_server.database import run_migrations
from picsafe_server.keys.models import metadata

run_migrations(metadata)
