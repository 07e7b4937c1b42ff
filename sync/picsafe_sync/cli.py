"""The `picsafe` command."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from picsafe_protocol.consent import GiverRole, Method
from picsafe_protocol.errors import PicSafeError
from picsafe_sync.commands.open import open_
from picsafe_sync.commands.send import send
from picsafe_sync.commands.session import login, logout
from picsafe_sync.commands.sync import sync
from picsafe_sync.durable import explained
from picsafe_sync.running import Stopped

EXIT_REFUSED: Final = 1
"""The exit status when PicSafe says no; the reason stands on standard error. 2 is argparse's, for a wrong call."""
EXIT_SIGNAL: Final = 128
"""And the number of the signal, when one ended the command before it was done."""


def parser() -> argparse.ArgumentParser:
    """The command line. `docs/integrate.md` describes it; a test compares the two."""
    top = argparse.ArgumentParser(prog="picsafe", description="Send, open and sync PicSafe reports.")
    top.add_argument("--version", action="version", version=f"%(prog)s {version('picsafe-sync')}")
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
        "--dicom", action="store_true", help="add a DICOM file for each photo that fits into one as it is"
    )
    opens.set_defaults(run=open_)

    syncs = sub.add_parser("sync", help="store every new report of an institution in a folder")
    syncs.add_argument("folder", type=Path, metavar="FOLDER")
    how = syncs.add_mutually_exclusive_group(required=True)
    how.add_argument("--once", action="store_true", help="fetch what there is, then stop")
    how.add_argument("--watch", action="store_true", help="go on until stopped")
    syncs.add_argument(
        "--every", type=int, default=30, metavar="SECONDS", help="longest pause between two looks; 30 when absent"
    )
    syncs.add_argument(
        "--again", action="append", default=[], metavar="ID", help="try a refused report once more; may be repeated"
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
    """Run the command; its exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write every address that is called
    options = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.run
    try:
        with explained():
            command(options)
    except PicSafeError as error:
        print(f"picsafe: {error}\n         {error.advice}", file=sys.stderr)
        return EXIT_REFUSED
    except (KeyboardInterrupt, Stopped) as error:
        print("picsafe: stopped; nothing is half-written.", file=sys.stderr)
        return EXIT_SIGNAL + (error.number if isinstance(error, Stopped) else signal.SIGINT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
