"""Alembic's entry for the cloud's database; `Database.migrate` opens the connection."""

from picsafe_server.cloud.db.models import Base
from picsafe_server.runtime.database import run_migrations

run_migrations(Base.metadata)
