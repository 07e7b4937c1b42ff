"""`picsafe-server migrate`: migrates the databases of the roles of this process, and changes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from picsafe_server.runtime.database import Database
from picsafe_server.runtime.database_rights import grant_runtime_rights
from picsafe_server.settings import Settings


async def migrate(settings: Settings, runtime_user: str | None = None) -> None:
    """Bring the database of each role in `settings.roles` to the newest schema.

    No signing key is made and no bucket is looked at, so the owner of a schema needs nothing but the database.
    `runtime_user`: the database user that the roles run as, which gets its rights on the tables.
    """
    for role in settings.roles:
        if role == "client":
            continue
        migrations, exceptions = _schema_of(role)
        database = Database(settings.database(role), migrations)
        try:
            await database.migrate()
            if runtime_user is not None:
                await grant_runtime_rights(database, runtime_user, exceptions)
        finally:
            await database.close()


def _schema_of(role: str) -> tuple[Path, Mapping[str, str]]:
    # Imported here, so that a process only loads the roles that it plays.
    if role == "users":
        from picsafe_server.users import role as users

        return users.MIGRATIONS, {}
    if role == "cloud":
        from picsafe_server.cloud import role as cloud

        return cloud.MIGRATIONS, {}
    from picsafe_server.keys import role as keys
    from picsafe_server.keys.db.models import RUNTIME_RIGHTS

    return keys.MIGRATIONS, RUNTIME_RIGHTS
