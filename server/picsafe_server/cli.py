"""The `picsafe-server` command."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_server.http.trusted_proxies import check_trusted_proxies
from picsafe_server.runtime.addresses import SettingsError
from picsafe_server.server import Certificate, configure_logging, private_files, serve
from picsafe_server.settings import Settings

EXIT_REFUSED: Final = 1


def parser() -> argparse.ArgumentParser:
    """The command line. `docs/operate.md` describes it; a test compares the two."""
    from picsafe_server.cloud.commands import add_commands as add_cloud_commands
    from picsafe_server.keys.commands import add_commands as add_key_commands
    from picsafe_server.users.commands import add_commands as add_user_commands

    top = argparse.ArgumentParser(prog="picsafe-server", description="Run and administer a PicSafe server.")
    sub = top.add_subparsers(required=True, metavar="COMMAND")

    run = sub.add_parser("run", help="serve the roles of PICSAFE_ROLES")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", type=int, default=8000)
    run.add_argument(
        "--certificate", type=Path, metavar="FILE", help="TLS certificate chain, PEM; without it plain HTTP"
    )
    run.add_argument("--certificate-key", type=Path, metavar="FILE")
    run.add_argument(
        "--trusted-proxies",
        default="127.0.0.1",
        help="addresses and networks, as 10.1.2.0/28, whose X-Forwarded-For is believed (comma)",
    )
    run.set_defaults(run=_run)

    migrate = sub.add_parser("migrate", help="bring every role's database to the newest schema")
    migrate.add_argument(
        "--runtime-user", metavar="USER", help="PostgreSQL user that the roles run as; it gets its rights on the tables"
    )
    migrate.set_defaults(run=_migrate)

    accept = sub.add_parser(
        "accept-keys", help="let a role start with other signing or master keys than before; for a deliberate change"
    )
    accept.add_argument("role", choices=["users", "cloud", "keys"])
    accept.set_defaults(run=_accept_keys)

    settings = sub.add_parser("settings", help="list every setting, its value and its meaning")
    settings.set_defaults(run=_settings)

    add_user_commands(sub)
    add_cloud_commands(sub)
    add_key_commands(sub)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    configure_logging()
    options = parser().parse_args(arguments)
    run: Callable[[Settings, argparse.Namespace], None] = options.run
    try:
        with private_files():
            run(Settings.from_environment(), options)
    except PicSafeError as error:
        print(f"picsafe-server: {error}\n                {error.advice}", file=sys.stderr)
        return EXIT_REFUSED
    except (SettingsError, OSError) as error:
        print(f"picsafe-server: {error}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


def _run(settings: Settings, options: argparse.Namespace) -> None:
    certificate = None
    if options.certificate or options.certificate_key:
        if not (options.certificate and options.certificate_key):
            raise SettingsError("--certificate and --certificate-key go together")
        certificate = Certificate(options.certificate, options.certificate_key)
    serve(settings, options.host, options.port, certificate, check_trusted_proxies(options.trusted_proxies))


def _migrate(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.migrate import migrate

    asyncio.run(migrate(settings, options.runtime_user))


def _accept_keys(settings: Settings, options: argparse.Namespace) -> None:
    from picsafe_server.app import build_role

    async def accept() -> None:
        async with build_role(settings, options.role) as role:
            others = await role.accept_keys()
        print(f"New for the role {options.role}: {', '.join(others)}." if others else "Nothing is new.")

    asyncio.run(accept())


def _settings(settings: Settings, options: argparse.Namespace) -> None:
    for item in fields(Settings):
        variable = item.metadata["env"]
        source = "set" if os.environ.get(variable) else "default"
        value = getattr(settings, item.name)
        shown = "(hidden)" if variable.endswith("_DATABASE") and value else value  # it may hold a password
        print(f"{variable} = {shown}  [{source}]\n    {item.metadata['meaning']}")


if __name__ == "__main__":
    sys.exit(main())
