"""Commands for the operator of a user server.

`picsafe-server institution …`, `account …`, `service-account …`, `report …`, `key-server …` and `security-log`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.settings import Settings

if TYPE_CHECKING:
    from picsafe_server.users.operator_actions import Operator, Row

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 argparse has no public name for it

    Work = Callable[[Operator, argparse.Namespace], Awaitable[Any]]

_ROLES = [Role.MEMBER.value, Role.ADMINISTRATOR.value]
_INSTITUTION_HELP = "identifier or exact name"


def add_commands(commands: Commands) -> None:
    """Add the user server's commands to the others."""
    _add_institution(commands.add_parser("institution", help="institutions").add_subparsers(**_ACTION))
    _add_account(commands.add_parser("account", help="people").add_subparsers(**_ACTION))
    _add_service_account(commands.add_parser("service-account", help="machine users").add_subparsers(**_ACTION))
    servers = commands.add_parser("key-server", help="key servers, as the user server sees them").add_subparsers(
        **_ACTION
    )
    accept = "go on with a key server whose access log contradicts what it was; administrators see it"
    _command(servers, "accept-log", accept, _accept_log).add_argument("url", metavar="URL")
    report = commands.add_parser("report", help="reports").add_subparsers(**_ACTION)
    show = _command(report, "show", "what the index knows of a report: state, people, times", _show_report)
    show.add_argument("report", metavar="REPORT", help="identifier")
    _may_be_json(show)
    security = _command(commands, "security-log", "the newest lines of the security log", _show_security_log)
    security.add_argument("--account", metavar="ACCOUNT", help="address or identifier")
    security.add_argument("--institution", metavar="INSTITUTION", help=_INSTITUTION_HELP)
    security.add_argument("--limit", type=int, default=100, metavar="LINES")
    _may_be_json(security)


_ACTION: dict[str, Any] = {"required": True, "metavar": "ACTION"}


def _add_institution(actions: Commands) -> None:
    add = _command(actions, "add", "make an institution; prints its identifier", _add_new_institution)
    add.add_argument("name")
    add.add_argument(
        "--domain",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="mail domain of its members, as hospital.example; may be repeated",
    )
    domain = _command(
        actions, "add-domain", "approve one more mail domain for an institution's members", _add_institution_domain
    )
    _names_institution(domain)
    domain.add_argument("domain", metavar="DOMAIN")
    rename = _command(actions, "rename", "call an institution something else", _rename_institution)
    _names_institution(rename)
    rename.add_argument("name", metavar="NAME")
    _may_be_json(_command(actions, "list", "all institutions", lambda operator, _: operator.institutions()))
    show = _command(actions, "show", "policy, domains, administrators", _show_institution)
    _names_institution(show)
    _may_be_json(show)
    remove = _command(actions, "remove", "close an institution and all its accounts for good", _remove_institution)
    _names_institution(remove)
    _needs_yes(remove)


def _add_account(actions: Commands) -> None:
    add = _command(actions, "add", "invite somebody; prints the link where they choose a password", _add_new_account)
    add.add_argument("email")
    add.add_argument("--name", required=True)
    add.add_argument("--country", required=True, help="ISO 3166 code, as AU: decides the region")
    add.add_argument("--institution", help=_INSTITUTION_HELP)
    add.add_argument("--role", choices=_ROLES, default=Role.MEMBER.value)
    found = _command(actions, "list", "all people, or those of one institution", _list_accounts)
    found.add_argument("--institution", metavar="INSTITUTION", help=_INSTITUTION_HELP)
    _may_be_json(found)
    show = _names_account(_command(actions, "show", "state, institution, sessions", _show_account))
    _may_be_json(show)
    _names_account(
        _command(actions, "invite", "invite again, or reset a password; prints the link and signs them out", _invite)
    )
    _names_account(_command(actions, "disable", "nobody can use the account; its sessions end", _disable))
    _names_account(_command(actions, "enable", "the account can be used again", _enable))
    _names_account(_command(actions, "end-sessions", "sign somebody out everywhere; prints of how many", _end_sessions))
    role = _names_account(_command(actions, "role", "make somebody administrator or member", _change_role))
    role.add_argument("role", choices=_ROLES)
    _needs_yes(_names_account(_command(actions, "remove", "close an account for good", _remove_account)))


def _add_service_account(actions: Commands) -> None:
    add = _command(actions, "add", "make a service account; prints its token, once", _add_new_service_account)
    add.add_argument("name")
    add.add_argument("--institution", required=True, help=_INSTITUTION_HELP)
    found = _command(actions, "list", "those of an institution that are not revoked", _list_service_accounts)
    found.add_argument("--institution", required=True, metavar="INSTITUTION", help=_INSTITUTION_HELP)
    _may_be_json(found)
    revoke = _command(actions, "revoke", "its token is worthless from now on", _revoke_service_account)
    revoke.add_argument("service_account", metavar="ID", help="identifier")


def _command(actions: Commands, name: str, help_: str, work: Work) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_)
    parser.set_defaults(run=lambda settings, options: _run(settings, options, work), json=False, yes=True)
    return parser


def _names_institution(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("institution", metavar="INSTITUTION", help=_INSTITUTION_HELP)


def _names_account(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("account", metavar="ACCOUNT", help="address or identifier")
    return parser


def _may_be_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def _needs_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", default=False, help="it is meant: this cannot be undone")


def _run(settings: Settings, options: argparse.Namespace, work: Work) -> None:
    from picsafe_server.users import provisioning
    from picsafe_server.users.operator_actions import Operator

    if not options.yes:
        raise InvalidRequest("This cannot be undone. Nothing was changed.", advice="Add --yes when it is meant.")

    async def run() -> Any:
        async with provisioning.users_role(settings) as users:
            return await work(Operator(users), options)

    _print(asyncio.run(run()), options.json)


def _print(result: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, indent=2, ensure_ascii=False))
    elif isinstance(result, list):
        _print_table(result)
    elif isinstance(result, dict):
        for name, value in result.items():
            values = value if isinstance(value, list) else [value]
            print(f"{name + ':':20}" + ("\n" + " " * 20).join(map(_shown, values)))
    elif result is not None:
        print(result)


def _print_table(rows: list[Row]) -> None:
    if not rows:
        return
    lines = [list(rows[0]), *([_shown(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


async def _add_new_institution(operator: Operator, options: argparse.Namespace) -> str:
    from picsafe_server.users import provisioning

    return await provisioning.create_institution(operator.users, options.name, domains=options.domain)


async def _add_institution_domain(operator: Operator, options: argparse.Namespace) -> None:
    from picsafe_server.users import provisioning

    institution = await provisioning.find_institution(operator.users, options.institution)
    await provisioning.add_domain(operator.users, institution, options.domain)


async def _rename_institution(operator: Operator, options: argparse.Namespace) -> None:
    from picsafe_server.users import provisioning

    institution = await provisioning.find_institution(operator.users, options.institution)
    await operator.users.services.institutions.rename(institution, options.name)


async def _show_institution(operator: Operator, options: argparse.Namespace) -> Row:
    return await operator.institution(options.institution)


async def _remove_institution(operator: Operator, options: argparse.Namespace) -> None:
    await operator.remove_institution(options.institution)


async def _add_new_account(operator: Operator, options: argparse.Namespace) -> str:
    from picsafe_server.users import provisioning

    users = operator.users
    institution = await provisioning.find_institution(users, options.institution) if options.institution else None
    role = Role(options.role) if institution else None
    account = await provisioning.create_account(
        users, options.email, options.name, options.country.upper(), institution=institution, role=role
    )
    return provisioning.invitation_url(users.context.settings, account.invitation_token or "")


async def _list_accounts(operator: Operator, options: argparse.Namespace) -> list[Row]:
    return await operator.accounts(options.institution)


async def _show_account(operator: Operator, options: argparse.Namespace) -> Row:
    return await operator.account(options.account)


async def _invite(operator: Operator, options: argparse.Namespace) -> str:
    from picsafe_server.users import provisioning

    return provisioning.invitation_url(operator.users.context.settings, await operator.invite(options.account))


async def _disable(operator: Operator, options: argparse.Namespace) -> None:
    await operator.disable(options.account, disabled=True)


async def _enable(operator: Operator, options: argparse.Namespace) -> None:
    await operator.disable(options.account, disabled=False)


async def _end_sessions(operator: Operator, options: argparse.Namespace) -> int:
    return await operator.end_sessions(options.account)


async def _change_role(operator: Operator, options: argparse.Namespace) -> None:
    await operator.change_role(options.account, Role(options.role))


async def _remove_account(operator: Operator, options: argparse.Namespace) -> None:
    await operator.remove(options.account)


async def _add_new_service_account(operator: Operator, options: argparse.Namespace) -> str:
    from picsafe_server.users import provisioning

    institution = await provisioning.find_institution(operator.users, options.institution)
    return await provisioning.create_service_account(operator.users, options.name, institution)


async def _list_service_accounts(operator: Operator, options: argparse.Namespace) -> list[Row]:
    return await operator.service_accounts(options.institution)


async def _revoke_service_account(operator: Operator, options: argparse.Namespace) -> None:
    await operator.revoke_service_account(options.service_account)


async def _accept_log(operator: Operator, options: argparse.Namespace) -> str:
    return f"Accepted: {await operator.accept_log(options.url)}"


async def _show_report(operator: Operator, options: argparse.Namespace) -> Row:
    return await operator.report(options.report)


async def _show_security_log(operator: Operator, options: argparse.Namespace) -> list[Row]:
    return await operator.security(options.account, options.institution, options.limit)
