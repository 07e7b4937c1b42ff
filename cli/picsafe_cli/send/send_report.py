"""Sends a report: prepare, request a key, encrypt here, upload in parts, submit the receipt."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import BinaryIO, Final, Protocol

from picsafe_cli.api.client import Api
from picsafe_cli.api.retry import UPLOADING, RetryPolicy
from picsafe_cli.send.media_preparation import PreparedMedium
from picsafe_cli.send.package_builder import pack_into, planned
from picsafe_cli.send.resumable_upload import Upload, patiently
from picsafe_protocol.contracts.api.accounts import Me
from picsafe_protocol.contracts.api.keys import IssuedKey
from picsafe_protocol.contracts.api.reports import ReportBegun, ReportView
from picsafe_protocol.contracts.api.requests import KeyRequest, NewReport
from picsafe_protocol.contracts.errors import PicSafeError, ServiceError, StorageFull
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.format.composing import ReportDetails, Uploaded, declared_size, report_of
from picsafe_protocol.format.label import seal_label_of
from picsafe_protocol.format.opening import parse_released_key
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.report import Author, Report
from picsafe_protocol.json.messages import read, write

WITHDRAWAL_SECONDS: Final = 10
"""How long a report that will not be completed may take to be withdrawn: somebody waits. The servers forget it within a
day anyway.
"""

_log = logging.getLogger("picsafe.send")


class Watcher(Protocol):
    """Receives the progress of sending, for a progress bar."""

    def phase(self, name: str, total: int) -> None:
        """A new phase begins, of `total` bytes."""
        ...

    def advance(self, count: int) -> None:
        """`count` further bytes of the phase are done."""
        ...


async def send(
    api: Api,
    prepared: Sequence[PreparedMedium],
    facts: ReportDetails,
    recipients: Sequence[str],
    watcher: Watcher,
    *,
    patience: RetryPolicy = UPLOADING,
    begun: Callable[[ReportBegun], None] = lambda _draft: None,
) -> ReportView:
    """Send the report; the server's description of it. Nothing is visible to anybody until all of it has arrived.

    `begun` is called before anything is encrypted, with who will be able to open it; what it raises ends the sending.
    Raises `UnknownRecipient`, `LimitExceeded`, `StorageFull` and the like; the report has been withdrawn then, as it is
    when this is cancelled. A server or a network that is away is waited for as long as `patience` says, and withdraws
    nothing; the servers forget within a day what was not completed. Where it may have arrived, the advice says so.
    """
    me = await api.me()
    size = declared_size(item.medium.size + len(item.thumbnail or b"") for item in prepared)
    wanted = NewReport(recipients=list(recipients), size=size)
    begin = partial(api.users, "POST", "/v1/reports", write(wanted), again=False)
    draft = read(ReportBegun, await patiently(begin, patience))  # an unused one is forgotten within a day
    uploaded: Uploaded | None = None
    try:
        begun(draft)
        uploaded, label = await _upload(api, me, draft, prepared, facts, watcher, patience)
        return await _hand_in(api, draft, uploaded, label, patience)
    except BaseException as error:
        # A fault that may pass withdraws nothing: a report that has arrived stays where it is.
        passing = isinstance(error, ServiceError) and not isinstance(error, StorageFull)
        if (passing or not await _withdrawn(api, draft.report_id)) and uploaded:
            # The last answer may have been lost on its way here, so nobody can tell.
            _log.warning("The report may have arrived. Look among the reports you sent before you send it again.")
            if isinstance(error, PicSafeError):
                error.advice = "Look among the reports you sent before you send it again: it may have arrived."
        raise


async def _upload(
    api: Api,
    me: Me,
    draft: ReportBegun,
    prepared: Sequence[PreparedMedium],
    facts: ReportDetails,
    watcher: Watcher,
    patience: RetryPolicy,
) -> tuple[Uploaded, bytes | None]:
    """The uploaded package, and the report's sealed label where the user server takes one."""
    with tempfile.TemporaryFile() as file:
        size, label = await _encrypt(api, me, draft, prepared, facts, watcher, file, patience)
        watcher.phase("uploading", size)
        return await Upload(api, draft.report_id, draft.cloud, patience).run(file, size, watcher.advance), label


async def _hand_in(
    api: Api, draft: ReportBegun, uploaded: Uploaded, label: bytes | None, patience: RetryPolicy
) -> ReportView:
    path, body = f"/v1/reports/{draft.report_id}/receipt", uploaded.to_json(label)
    return read(ReportView, await patiently(lambda: api.users("POST", path, body, again=False), patience))


async def _encrypt(
    api: Api,
    me: Me,
    draft: ReportBegun,
    prepared: Sequence[PreparedMedium],
    facts: ReportDetails,
    watcher: Watcher,
    file: BinaryIO,
    patience: RetryPolicy,
) -> tuple[int, bytes | None]:
    """Encrypts the report into `file`; the size of its package, and its sealed label."""
    server = draft.keyserver
    body = write(KeyRequest(report_id=draft.report_id))
    ask = partial(api.call, "POST", f"{server.url}/v1/keys", server.grant, body, again=False)
    issued = read(IssuedKey, await patiently(ask, patience))
    report = _report(me, draft.report_id, prepared, facts, api.clock.now())
    header = Header(draft.report_id, server.url, issued.key_id, report.created_at)
    plan = planned(report, prepared)
    key = parse_released_key(issued.key)
    label = await seal_label_of(report, key, issued.key_id, AesGcm()) if draft.takes_label else None
    watcher.phase("encrypting", plan.size)
    return await pack_into(file, header, key, plan, prepared, watcher.advance), label


def _report(me: Me, report_id: str, prepared: Sequence[PreparedMedium], facts: ReportDetails, now: datetime) -> Report:
    author = Author(me.name, me.email or "", me.institution.name if me.institution else None)
    return report_of(report_id, author, facts, [item.medium for item in prepared], now.astimezone())


async def _withdrawn(api: Api, report_id: str) -> bool:
    """Whether the servers know that this report will not be completed."""
    try:
        async with asyncio.timeout(WITHDRAWAL_SECONDS):
            await api.users("DELETE", f"/v1/reports/{report_id}", again=False)
    except (PicSafeError, TimeoutError):
        return False
    return True
