"""From chosen files to a package that only its recipients can open: a draft on the user server, a key, encryption here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from picsafe_client.api import reports
from picsafe_client.api.client import Api
from picsafe_client.crypto.webcrypto import WebCryptoCipher
from picsafe_client.sending.media_preparation import PreparedFile, ProgressDelta
from picsafe_client.sending.package_builder import pack
from picsafe_client.session.models import Person
from picsafe_protocol.contracts.api.keys import IssuedKey
from picsafe_protocol.contracts.api.reports import ReportBegun
from picsafe_protocol.format.composing import ReportDetails, declared_size, report_of
from picsafe_protocol.format.label import Label, seal_label_of
from picsafe_protocol.format.opening import parse_released_key
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.report import Author


@dataclass(frozen=True)
class Sealed:
    """An encrypted report. `label` has its facts in clear, for the list of what was sent."""

    package: Any
    """A Blob."""
    sealed_label: bytes | None
    """None where the user server takes none."""
    label: Label


async def begin_draft(api: Api, files: Sequence[PreparedFile], recipients: Sequence[str], signal: Any) -> ReportBegun:
    """Asks the user server for a report. Nobody sees it; the servers delete it within a day unless it is delivered.

    Raises `UnknownRecipient`, `LimitExceeded`, `Unreachable`, …
    """
    sizes = (file.size + (file.preview.facts.size if file.preview else 0) for file in files)
    return await reports.begin(api, recipients, declared_size(sizes), signal=signal)


async def request_key(api: Api, draft: ReportBegun, signal: Any) -> IssuedKey:
    """Asks the draft's key server for a new key."""
    return await reports.make_key(api, draft.keyserver, draft.report_id, signal=signal)


async def seal(
    draft: ReportBegun,
    issued: IssuedKey,
    sender: Person,
    files: Sequence[PreparedFile],
    details: ReportDetails,
    now: datetime,
    progress: ProgressDelta,
) -> Sealed:
    """Encrypts a report. `issued` is what `request_key` returned; `progress` counts the bytes of `files`.

    Raises `DigestMismatch`, `UnsupportedMedium`, `LimitExceeded`, and what `progress` raises.
    """
    media = [file.medium(number) for number, file in enumerate(files, 1)]
    institution = sender.institution
    author = Author(sender.name, sender.email, institution.name if institution else None)
    report = report_of(draft.report_id, author, details, media, now)
    header = Header(draft.report_id, draft.keyserver.url, issued.key_id, report.created_at)
    key = parse_released_key(issued.key)
    sealed_label = await seal_label_of(report, key, issued.key_id, WebCryptoCipher()) if draft.takes_label else None
    return Sealed(await pack(header, key, report, files, progress), sealed_label, Label.of(report))
