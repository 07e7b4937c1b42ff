"""`picsafe-server keys …`: commands for the operator of a key server."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import Conflict
from picsafe_server.runtime.clock import SystemClock
from picsafe_server.runtime.database import Database
from picsafe_server.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from picsafe_server.keys.log.largest_head import LargestHeadFile
    from picsafe_server.keys.log.tree import Head

Run = Callable[[Settings, argparse.Namespace], None]


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the key server's commands below `keys`."""
    keys = commands.add_parser("keys", help="the key server").add_subparsers(required=True, metavar="ACTION")
    rotate = keys.add_parser("rotate-master", help="add a master key and wrap every report key under it")
    rotate.set_defaults(run=_rotate_master)
    rewrap = keys.add_parser("rewrap", help="wrap what is still under older master keys; after an interrupted rotation")
    rewrap.set_defaults(run=_rewrap)
    retire = keys.add_parser("retire-master", help="take an old master key out of the file, once it wraps nothing")
    retire.add_argument("number", type=int)
    retire.set_defaults(run=_retire_master)
    check = keys.add_parser("check-log", help="check every entry of the access log against its tree")
    check.set_defaults(run=_check_log)
    restored = keys.add_parser(
        "accept-restored-log", help="go on with a log that lost entries; writes an entry that says so"
    )
    restored.add_argument(
        "--lost",
        metavar="SIZE",
        help="how many entries the largest log had that was signed, or `unknown`; without it nothing is done",
    )
    restored.add_argument("--reason", default="", help="why; the entry shows it to every administrator")
    restored.set_defaults(run=_accept_restored_log)
    erase = keys.add_parser("erase-person", help="erase somebody from the access log, which says so in an entry")
    erase.add_argument("subject", help="identifier of the account")
    erase.add_argument("--issuer", help="their user server; this deployment's when absent")
    erase.add_argument("--older-than-days", type=int, default=0, metavar="DAYS", help="keep younger entries")
    erase.add_argument("--reason", default="", help="why; the entry shows it to administrators, so name nobody")
    erase.set_defaults(run=_erase_person)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    from picsafe_server.keys.role import MIGRATIONS

    database = Database(settings.database("keys"), MIGRATIONS)
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()


def _with_database(settings: Settings, work: Callable[[Database], Awaitable[str]]) -> None:
    async def run() -> str:
        async with _database(settings) as database:
            return await work(database)

    print(asyncio.run(run()))


def _master_key_file(settings: Settings) -> Path:
    return settings.master_key_file or settings.data / "keys" / "master.keys"


def _rotate_master(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.keys.operations.rotate_master import add_master_key

    print(f"Master key {add_master_key(_master_key_file(settings))} was added and wraps from now on.")
    _rewrap(settings, options)


def _rewrap(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.keys.operations.rotate_master import rewrap
    from picsafe_server.keys.vault.wrapping import MasterKeyFile

    async def work(database: Database) -> str:
        result = await rewrap(database, MasterKeyFile(_master_key_file(settings)))
        if result.failed:
            raise Conflict(
                f"{result.done} report keys were rewrapped, {len(result.failed)} cannot be unwrapped: {' '.join(result.failed)}",
                advice="Put the master key that they name back into the file, then run `picsafe-server keys rewrap`.",
            )
        return f"{result.done} report keys were rewrapped."

    _with_database(settings, work)


def _retire_master(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.keys.operations.rotate_master import retire_master_key

    async def work(database: Database) -> str:
        await retire_master_key(database, _master_key_file(settings), options.number)
        return f"Master key {options.number} is retired."

    _with_database(settings, work)


def _signed_head_file(settings: Settings) -> LargestHeadFile:
    from picsafe_server.keys.log.largest_head import LargestHeadFile

    return LargestHeadFile(settings.data / "keys" / "log.head")


def _accept_restored_log(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.keys.log.entries import operator
    from picsafe_server.keys.operations.restore_log import accept_restored_log

    file = _signed_head_file(settings)
    lost = str(options.lost or "")
    if lost != "unknown" and not lost.isdecimal():
        raise Conflict(
            "This gives up entries of the access log that were signed and that the database does not have. Everybody who has seen them "
            "can prove that they are missing; keys that were made or taken back since are as they were before.",
            advice="Look for a newer copy of the database first. Then give `--lost` the size that the key server names in its log.",
        )

    async def work(database: Database) -> str:
        by = operator(settings.keys_base, options.reason[: limits.REASON_CHARACTERS])
        size = None if lost == "unknown" else int(lost)
        head = await accept_restored_log(database, SystemClock(), file, size, by=by)
        return f"The log goes on with {head.size} entries; the newest says what was lost. Start the key servers again."

    _with_database(settings, work)


def _check_log(settings: Settings, options: argparse.Namespace) -> None:
    async def work(database: Database) -> str:
        return await check_log(database, _signed_head_file(settings))

    _with_database(settings, work)


async def check_log(database: Database, file: LargestHeadFile) -> str:
    """Check that every entry is in its tree and that no signed entry is missing; `Conflict` says what is wrong and what
    to do.
    """
    from picsafe_server.keys.log.audit import recompute
    from picsafe_server.keys.log.inspection import LooksDiffer, inspect
    from picsafe_server.keys.log.largest_head import LogRolledBack, RollbackGuard
    from picsafe_server.keys.log.store import LogDamaged

    guard = RollbackGuard(file)

    def look(connection: Connection) -> Head:
        guard.check_read(connection)
        return recompute(connection)

    try:
        head = await inspect(database, look)
    except LogRolledBack as gap:
        raise Conflict(
            f"The access log lacks entries that were signed: {gap}.",
            advice="Stop the key servers, and look for a newer copy of the database. docs/operate.md says what to do, "
            "under “When the log is damaged”.",
        ) from gap
    except LooksDiffer as doubt:
        raise Conflict(
            f"Two checks of the access log found different faults: {doubt}.",
            advice="Leave everything as it is, and run `picsafe-server keys check-log` again with the key servers stopped.",
        ) from doubt
    except LogDamaged as damage:
        raise Conflict(
            f"The access log is damaged, as two checks agree: {damage}.",
            advice="Stop the key servers and keep a copy of the database as it is: a restored backup lacks every entry "
            "since it was made. docs/operate.md says what to do, under “When the log is damaged”.",
        ) from damage
    compared = (
        ""
        if file.path.exists()
        else f" There is no {file.path}: whether entries are missing at its end was not checked."
    )
    return f"The access log is whole: {head.size} entries, root {head.root.hex()}.{compared}"


def _erase_person(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.keys.log.entries import milliseconds, operator
    from picsafe_server.keys.operations.erase_person import erase_person

    async def work(database: Database) -> str:
        clock, issuer = SystemClock(), options.issuer or settings.users_base
        before = milliseconds(clock.now() - timedelta(days=options.older_than_days))
        by = operator(settings.keys_base, options.reason[: limits.REASON_CHARACTERS])
        count = await erase_person(database, clock, issuer, options.subject, before, by=by)
        return f"Erased from {count} entries."

    _with_database(settings, work)
