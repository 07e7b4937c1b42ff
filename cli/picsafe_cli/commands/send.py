"""`picsafe send`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from picsafe_cli.api import credentials
from picsafe_cli.durable_files import translate_os_errors
from picsafe_cli.progress_bar import ProgressBar
from picsafe_cli.send.details_input import facts_at, merge_options, read_facts
from picsafe_cli.send.media_preparation import PreparedMedium, prepare_async
from picsafe_cli.send.send_report import send as send_report
from picsafe_cli.signals import run
from picsafe_media.comparison import Comparison
from picsafe_protocol.contracts.api.reports import ReportBegun
from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.report import Patient


def send(options: argparse.Namespace) -> None:
    """Prepare, print what was removed, send, and print where it arrived."""
    run(_send(options, merge_options(options, _facts(options.facts))))


def _facts(source: str | None) -> ReportDetails:
    if source is None:
        return ReportDetails(patient=Patient())
    if source == "-":
        if sys.stdin.isatty():
            raise InvalidRequest("Nothing was piped in.", advice="Pipe the JSON in, or name a file.", field="--facts")
        return read_facts(sys.stdin.buffer)
    with open(source, "rb") as file:  # noqa: PTH123 also /dev/fd/3 and the like
        return read_facts(file)


async def _send(options: argparse.Namespace, facts: ReportDetails) -> None:
    async with credentials.api() as api:
        with ProgressBar(quiet=options.quiet) as bar:
            bar.phase("preparing", sum(path.stat().st_size for path in options.files))
            prepared = await prepare_async(options.files, bar.advance)
        _tell(prepared, quiet=options.quiet)
        await api.me()  # since when the server's time is known
        facts = facts_at(facts, api.clock.now())
        with (
            ProgressBar(quiet=options.quiet) as bar,
            translate_os_errors("Free some space, or name another place in TMPDIR."),
        ):
            sent = await send_report(api, prepared, facts, options.to, bar, begun=partial(_tell_readers, options.quiet))
    print(f"Sent {sent.id}: arrived in region {sent.region}, kept until {sent.expires_at[:10]}.")


def _tell_readers(quiet: bool, draft: ReportBegun) -> None:
    """Print the recipients and, even when quiet, who else can open the report. Nothing has been encrypted by then."""
    if not quiet:
        for each in draft.recipients:
            place = f", {each.institution}" if each.institution else ""
            print(f"To {_printable(each.name)} <{_printable(each.email)}>{_printable(place)}", file=sys.stderr)
    for institution in draft.institutions:
        name = _printable(institution.name)
        if institution.members:
            print(f"Every member of {name} can open it too.", file=sys.stderr)
        if institution.record_systems:
            print(f"The record system of {name} gets it too.", file=sys.stderr)


def _printable(text: str) -> str:
    """`text` without what would move the cursor of a terminal: it comes from a server."""
    return "".join(character for character in text if character.isprintable())


def _tell(prepared: Sequence[PreparedMedium], *, quiet: bool) -> None:
    """Print what was removed and, even when quiet, what could not be."""
    for item in prepared:
        if not quiet:
            for removed in item.cleaned.removed:
                print(f"{item.source.name}: removed: {removed.sentence}", file=sys.stderr)
            if item.comparison is not Comparison.SAME:
                print(f"{item.source.name}: {item.comparison.sentence}", file=sys.stderr)
        for warning in item.cleaned.warnings:
            print(f"{item.source.name}: note: {warning.sentence}", file=sys.stderr)
