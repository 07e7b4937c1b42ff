"""Alembic's entry for the cloud's database; `Database.migrate` opens the connection."""

from picsafe_server.cloud.models import Base
from picsafe_server.database import run_migrations

run_migrations(Base.metadata)
