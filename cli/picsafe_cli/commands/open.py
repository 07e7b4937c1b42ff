"""`picsafe open`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from picsafe_cli import durable_files
from picsafe_cli.api import credentials
from picsafe_cli.api.client import Api
from picsafe_cli.receive.download import CloudSource
from picsafe_cli.receive.open_report import open_report
from picsafe_cli.receive.refetch_policy import as_arrived
from picsafe_cli.receive.save_report import save_report
from picsafe_cli.signals import run
from picsafe_media import FileSource
from picsafe_protocol.contracts.api.accounts import Me
from picsafe_protocol.contracts.errors import NotFound, PicSafeError
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.format.expectations import Expectations
from picsafe_protocol.format.opening import Opened
from picsafe_protocol.format.package import EXTENSION


def open_(options: argparse.Namespace) -> None:
    """Open a file from the disk, or a report of the inbox by its id, and print the names of the files written."""
    run(_open(options))


async def _open(options: argparse.Namespace) -> None:
    async with credentials.api() as api:
        if _is_path(options.source):
            path = Path(options.source)
            if not path.is_file():
                raise NotFound(f"There is no file {options.source}.", advice="Check the name.")
            me = await api.me()
            with path.open("rb") as file:
                opened = await open_report(api, FileSource(file), me.key_servers, expected=None)
                await _save(opened, options)
        elif is_identifier(options.source):
            await _from_cloud(api, await api.me(), options)
        else:
            raise NotFound(
                f"{options.source} is neither the id of a report nor the path of a file.",
                advice=f"Check the id. A file needs a name that ends in {EXTENSION}, or its path, such as ./{options.source}.",
            )


def _is_path(source: str) -> bool:
    """Whether the argument is a file. Anything shaped like an id is an id: anybody may have made a file of that name in
    the current folder.
    """
    return source.endswith(EXTENSION) or any(mark and mark in source for mark in (os.sep, os.altsep))


async def _from_cloud(api: Api, me: Me, options: argparse.Namespace) -> None:
    report = await api.report(options.source)
    if report.size is None:
        raise NotFound("This report has not been sent completely yet.", advice="Wait until it has arrived.")
    expected = Expectations.of_report(report)
    package = CloudSource(api, report.id, expected.size)
    try:
        source = package if expected.digest is None else await package.checked(expected.digest)
        opened = await open_report(api, source, me.key_servers, expected=expected)
        await _save(opened, options)
    except PicSafeError as error:
        raise as_arrived(error) from error.__cause__
    if report.box == "inbox" and me.kind != "service":
        await api.users("POST", f"/v1/reports/{report.id}/opened")


async def _save(opened: Opened[bytes], options: argparse.Namespace) -> None:
    output: Path = options.output
    new = not output.exists()
    durable_files.make_folder(output)
    try:
        written = await save_report(
            opened, output, patient_name=options.patient_name_in_file_names, dicom=options.dicom
        )
    except BaseException:
        if new:
            output.rmdir()
        raise
    for file in written:
        print(file)
    said = opened.provenance.sentences(opened.payload.report.author)
    print("picsafe: " + "\n         ".join(said), file=sys.stderr)
    if options.dicom:
        _say_what_has_no_dicom(opened, written)


def _say_what_has_no_dicom(opened: Opened[bytes], written: list[Path]) -> None:
    made = sum(path.suffix == ".dcm" for path in written)
    photos = sum(medium.kind == "photo" for medium in opened.payload.report.media)
    if made < photos:
        print(
            f"picsafe: {photos - made} of {photos} photos have no DICOM file: they lie on their side, are neither plain JPEG nor HEIC, are damaged, or not of a size that is shown.\n"
            "         Save them as DICOM in My PicSafe, which turns and converts them.",
            file=sys.stderr,
        )
