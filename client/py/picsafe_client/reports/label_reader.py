"""Reads the labels of many reports: the labels from the user server and, at the same time, their keys from each key
server, with one request to each.
"""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from picsafe_client.api import labels
from picsafe_client.errors import Cancelled
from picsafe_protocol.contracts.api.keys import LabelKey
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import KeyServerNotAllowed, NotFound, NotSignedIn, PicSafeError
from picsafe_protocol.contracts.limits import LABELS_AT_ONCE
from picsafe_protocol.crypto.chunked import Cipher
from picsafe_protocol.format.label import Label, open_label
from picsafe_protocol.format.opening import parse_released_key

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class ReadLabels:
    """What became of each report: it is in one of the two."""

    labels: dict[str, Label] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """By report, the code of the error."""


class LabelReader(Generic[B]):
    """Reads labels. Opens none whose key server is not permitted, and none that was sealed for another report."""

    def __init__(
        self, servers: labels.LabelServers, cipher: Cipher[B], allowed_key_servers: Collection[str], signal: Any = None
    ) -> None:
        self._servers = servers
        self._cipher = cipher
        self._allowed = allowed_key_servers
        self._signal = signal

    async def read(self, reports: Sequence[ReportView]) -> ReadLabels:
        """The labels of `reports`. Raises `NotSignedIn` and `Cancelled` only: any other error is that of the reports
        that it concerns, and the others are read.
        """
        found = ReadLabels()
        for start in range(0, len(reports), LABELS_AT_ONCE):
            await self._read(reports[start : start + LABELS_AT_ONCE], found)
        return found

    async def _read(self, reports: Sequence[ReportView], found: ReadLabels) -> None:
        at_server: dict[str, list[str]] = defaultdict(list)
        for report in reports:
            if report.keyserver_url in self._allowed:
                at_server[report.keyserver_url].append(report.id)
            else:
                found.failures[report.id] = KeyServerNotAllowed.code
        wanted = [each for ids in at_server.values() for each in ids]
        if not wanted:
            return
        sealed, answers = await asyncio.gather(
            self._sealed(wanted, found),
            asyncio.gather(*(self._keys(url, ids, found) for url, ids in at_server.items())),
        )
        keys = {each: key for answer in answers for each, key in answer.items()}
        for report_id in wanted:
            if report_id in found.failures:
                continue
            if report_id not in sealed or report_id not in keys:
                found.failures[report_id] = NotFound.code
                continue
            try:
                found.labels[report_id] = await self._open(sealed[report_id], keys[report_id])
            except PicSafeError as error:
                found.failures[report_id] = error.code

    async def _sealed(self, report_ids: Sequence[str], found: ReadLabels) -> Mapping[str, str]:
        try:
            answer = await labels.sealed_labels(self._servers, report_ids, signal=self._signal)
        except (NotSignedIn, Cancelled):
            raise
        except PicSafeError as error:
            found.failures.update(dict.fromkeys(report_ids, error.code))
            return {}
        return {each.report_id: each.label for each in answer.labels}

    async def _keys(self, url: str, report_ids: Sequence[str], found: ReadLabels) -> Mapping[str, LabelKey]:
        try:
            answer = await labels.label_keys(self._servers, url, report_ids, signal=self._signal)
        except (NotSignedIn, Cancelled):
            raise
        except PicSafeError as error:
            found.failures.update(dict.fromkeys(report_ids, error.code))
            return {}
        asked = set(report_ids)  # a key server says nothing about the reports of another
        found.failures.update({each.report_id: each.code for each in answer.refused if each.report_id in asked})
        return {each.report_id: each for each in answer.keys if each.report_id in asked}

    async def _open(self, sealed: str, key: LabelKey) -> Label:
        raw = parse_released_key(key.key)
        return await open_label(base64.b64decode(sealed), raw, key.report_id, key.key_id, self._cipher)
