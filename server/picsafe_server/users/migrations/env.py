"""Alembic's entry for the user server's database; `Database.migrate` opens the connection."""

from picsafe_server.runtime.database import run_migrations
from picsafe_server.users.db.models import Base

run_migrations(Base.metadata)
