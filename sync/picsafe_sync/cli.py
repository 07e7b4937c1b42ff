"""The `picsafe` command."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from picsafe_protocol.errors import PicSafeError, StorageFull
from picsafe_sync import commands

EXIT_REFUSED: Final = 1
"""The exit status when PicSafe says no; the reason stands on standard error. 2 is argparse's, for a wrong call."""
EXIT_INTERRUPTED: Final = 130


def parser() -> argparse.ArgumentParser:
    """The command line. `docs/integrate.md` describes it; a test compares the two."""
    top = argparse.ArgumentParser(prog="picsafe", description="Send, open and sync PicSafe reports.")
    sub = top.add_subparsers(required=True, metavar="COMMAND")

    login = sub.add_parser("login", help="sign in on this computer; asks for the password")
    login.add_argument("url", help="where My PicSafe is found, as https://picsafe.example")
    login.add_argument("email")
    login.set_defaults(run=commands.login)

    logout = sub.add_parser("logout", help="sign out and forget the session")
    logout.set_defaults(run=commands.logout)

    send = sub.add_parser("send", help="encrypt photos, videos and sounds and send them as one report")
    send.add_argument("files", nargs="+", type=Path, metavar="FILE")
    send.add_argument("--to", action="append", required=True, metavar="EMAIL", help="a recipient; may be repeated")
    send.add_argument("--patient-name", default="", metavar="NAME")
    send.add_argument("--birth-date", default=None, metavar="YYYY-MM-DD")
    send.add_argument("--record-number", default="", metavar="NUMBER")
    send.add_argument("--body-site", default="", metavar="TEXT")
    send.add_argument("--side", choices=["left", "right", "both", "none"])
    send.add_argument("--notes", default="", metavar="TEXT")
    send.add_argument("--captured-at", default="", metavar="TIME", help="as 2026-11-22T10:15:00+10:00; now when absent")
    send.add_argument("--consent", choices=["written", "verbal", "implied", "emergency"], help="how consent was given")
    send.add_argument(
        "--consent-by", choices=["patient", "parent_or_guardian", "substitute_decision_maker"], default="patient"
    )
    send.add_argument("--consent-name", default="", metavar="NAME", help="who consented, when not the patient")
    send.add_argument(
        "--purpose",
        action="append",
        choices=["treatment", "education", "audit", "research"],
        help="what consent permits; may be repeated; treatment when absent",
    )
    send.add_argument("--quiet", action="store_true", help="no progress bar, no list of what was removed")
    send.set_defaults(run=commands.send)

    opens = sub.add_parser("open", help="open a .picsafe file, or a report by its id, into a folder")
    opens.add_argument("source", metavar="FILE|ID")
    opens.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    opens.add_argument("--patient-name-in-file-names", action="store_true")
    opens.set_defaults(run=commands.open_)

    sync = sub.add_parser("sync", help="store every new report of an institution in a folder")
    sync.add_argument("folder", type=Path)
    how = sync.add_mutually_exclusive_group(required=True)
    how.add_argument("--once", action="store_true", help="fetch what there is, then stop")
    how.add_argument("--watch", action="store_true", help="go on until stopped")
    sync.add_argument(
        "--every", type=int, default=30, metavar="SECONDS", help="pause between two looks; 30 when absent"
    )
    sync.set_defaults(run=commands.sync)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write every address that is called
    options = parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], Awaitable[None]] = options.run
    try:
        asyncio.run(_run(run, options))
    except PicSafeError as error:
        print(f"picsafe: {error}\n         {error.advice}", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print("picsafe: stopped; nothing is half-written.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


async def _run(run: Callable[[argparse.Namespace], Awaitable[None]], options: argparse.Namespace) -> None:
    try:
        await run(options)
    except OSError as error:
        raise _explained(error) from error


def _explained(error: OSError) -> PicSafeError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StorageFull("There is no room left on this computer.")
    return PicSafeError(
        f"{error.filename or 'The disk'}: {error.strerror or error}.", advice="Correct it and try again."
    )


if __name__ == "__main__":
    sys.exit(main())
