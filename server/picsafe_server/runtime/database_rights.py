"""Grants the database user of a running role its rights, which are fewer than those of the schema's owner
(PostgreSQL).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import text

from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.runtime.database import Database

EVERYTHING: Final = "SELECT, INSERT, UPDATE, DELETE"
"""On tables that are not named otherwise. Never TRUNCATE, TRIGGER or REFERENCES, and nobody but the owner can alter."""


async def grant_runtime_rights(database: Database, user: str, exceptions: Mapping[str, str]) -> None:
    """Give `user` what a running role needs on the tables that exist, and no more.

    `exceptions` are the rights on tables by name. Called by the owner of the tables, after each migration.
    `SettingsError` where the database has no users.
    """
    if database.is_sqlite:
        raise SettingsError("--runtime-user is for PostgreSQL: a SQLite file has no users")
    async with database.writing() as session:
        names = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        grantee = await session.scalar(text("SELECT quote_ident(:user)"), {"user": user})
        for name in names.all():
            rights = exceptions.get(name, "SELECT" if name == "alembic_version" else EVERYTHING)
            await session.execute(text(f'REVOKE ALL ON TABLE "{name}" FROM {grantee}'))
            await session.execute(text(f'GRANT {rights} ON TABLE "{name}" TO {grantee}'))
        await session.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {grantee}"))
