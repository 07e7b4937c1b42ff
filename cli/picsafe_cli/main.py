"""The `picsafe` command."""

from __future__ import annotations

import argparse
import io
import logging
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from picsafe_cli import exit_status
from picsafe_cli.commands.open import open_
from picsafe_cli.commands.send import send
from picsafe_cli.commands.session import login, logout
from picsafe_cli.commands.sync import sync
from picsafe_cli.durable_files import translate_os_errors
from picsafe_cli.exit_status import ExitStatus
from picsafe_cli.signals import Stopped
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.format.consent import GiverRole, Method


def parser() -> argparse.ArgumentParser:
    """The command line. `docs/integrate.md` describes it; a test compares the two."""
    top = argparse.ArgumentParser(
        prog="picsafe",
        description="Send, open and sync PicSafe reports.",
        epilog=exit_status.table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {version('picsafe-cli')}")
    sub = top.add_subparsers(required=True, metavar="COMMAND")

    logins = sub.add_parser("login", help="sign in on this computer; asks for the password")
    logins.add_argument("url", help="where My PicSafe is found, as https://picsafe.example")
    logins.add_argument("email")
    logins.set_defaults(run=login)

    logouts = sub.add_parser("logout", help="sign out and forget the session")
    logouts.set_defaults(run=logout)

    _send_parser(sub.add_parser("send", help="encrypt photos, videos and sounds and send them as one report"))

    opens = sub.add_parser("open", help="open a .picsafe file, or a report by its id, into a folder")
    opens.add_argument("source", metavar="FILE|ID")
    opens.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    opens.add_argument("--patient-name-in-file-names", action="store_true")
    opens.add_argument(
        "--dicom",
        action="store_true",
        help="add a DICOM file for each photo that fits into one as it is, and for each HEIC photo, recompressed",
    )
    opens.set_defaults(run=open_)

    syncs = sub.add_parser("sync", help="store every new report of an institution in a folder")
    syncs.add_argument("folder", type=Path, metavar="FOLDER")
    how = syncs.add_mutually_exclusive_group(required=True)
    how.add_argument("--once", action="store_true", help="fetch what there is, then stop")
    how.add_argument("--watch", action="store_true", help="go on until stopped")
    syncs.add_argument(
        "--every", type=int, default=30, metavar="SECONDS", help="longest pause between two checks; 30 when absent"
    )
    syncs.add_argument(
        "--again",
        action="append",
        default=[],
        metavar="ID",
        help="try a refused or waiting report now; may be repeated",
    )
    syncs.set_defaults(run=sync)
    return top


def _send_parser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--to", action="append", required=True, metavar="EMAIL", help="a recipient; may be repeated")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no list of what was removed")
    parser.set_defaults(run=send)
    facts = parser.add_argument_group(
        "what the report says",
        "Other users of this computer can see the options of a running command; they cannot see what --facts reads.",
    )
    facts.add_argument("--facts", metavar="FILE", help="JSON with any of these, as docs/integrate.md shows; - reads it")
    facts.add_argument("--patient-name", metavar="NAME")
    facts.add_argument("--birth-date", metavar="YYYY-MM-DD")
    facts.add_argument("--record-number", metavar="NUMBER")
    facts.add_argument("--body-site", metavar="TEXT")
    facts.add_argument("--side", choices=["left", "right", "both", "none"])
    facts.add_argument("--notes", metavar="TEXT")
    facts.add_argument("--captured-at", metavar="TIME", help="as 2026-11-22T10:15:00+10:00; now when absent")
    facts.add_argument("--consent", choices=[method.value for method in Method], help="how consent was given")
    facts.add_argument("--consent-by", choices=[role.value for role in GiverRole], default=GiverRole.PATIENT.value)
    facts.add_argument("--consent-name", default="", metavar="NAME", help="who consented, when not the patient")
    facts.add_argument(
        "--purpose",
        action="append",
        choices=["treatment", "education", "audit", "research"],
        help="what consent permits; may be repeated; treatment when absent",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status, one of `exit_status.ExitStatus` or 128 and the number of a signal."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write every address that is called
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # a console that lacks a letter of somebody's name shows another instead
            stream.reconfigure(errors="replace")
    options = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], ExitStatus | None] = options.run
    try:
        with translate_os_errors():
            return command(options) or ExitStatus.DONE
    except PicSafeError as error:
        print(f"picsafe: {error}\n         {error.advice}", file=sys.stderr)
        return exit_status.status_of(error)
    except (KeyboardInterrupt, Stopped) as error:
        print("picsafe: stopped; nothing is half-written.", file=sys.stderr)
        return exit_status.SIGNAL + (error.number if isinstance(error, Stopped) else signal.SIGINT)
    except Exception as error:  # noqa: BLE001 whatever it is, its words may hold what a report holds
        print(f"picsafe: a fault in picsafe itself ({type(error).__name__}):", file=sys.stderr)
        traceback.print_tb(error.__traceback__, file=sys.stderr)
        return ExitStatus.FAILED


if __name__ == "__main__":
    sys.exit(main())
