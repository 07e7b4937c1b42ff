"""Releases the keys of the labels of many reports, by the rules and in the order of `release`.

A label key is derived from the report key (`picsafe_protocol.format.label`) and opens no package. The access log
distinguishes looking at whose report it is from opening it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from picsafe_protocol.contracts.api.keys import Event
from picsafe_protocol.contracts.errors import NotFound, PicSafeError
from picsafe_protocol.format.label import label_key
from picsafe_server.keys.log.entries import Entry
from picsafe_server.keys.operations.release import refusal, unwrapped
from picsafe_server.keys.policy import Caller
from picsafe_server.keys.transactions.appender import Appender
from picsafe_server.keys.transactions.transaction import Operation, Transaction
from picsafe_server.keys.vault.keystore import KeyRecord
from picsafe_server.keys.vault.wrapping import KeyWrapper, WrappingError

Refused: TypeAlias = tuple[str, PicSafeError]
"""A report, and why its label key is not given."""


@dataclass(frozen=True, slots=True)
class ReleasedLabel:
    """A released label key, and the entry that records it."""

    record: KeyRecord
    key: bytes = field(repr=False)
    entry: Entry


@dataclass(frozen=True, slots=True)
class ReleasedLabels:
    """What became of each report of a request."""

    given: Sequence[ReleasedLabel]
    refused: Sequence[Refused]


@dataclass(frozen=True, slots=True)
class LabelRelease(Operation[tuple[list[tuple[KeyRecord, Entry]], list[Refused]]]):
    """A request for the label keys of `report_ids`, of which no two are equal."""

    caller: Caller
    report_ids: Sequence[str]
    address: str

    @property
    def reports(self) -> Collection[tuple[str, str]]:
        return [(self.caller.issuer, report_id) for report_id in self.report_ids]

    def decide(self, transaction: Transaction) -> tuple[list[tuple[KeyRecord, Entry]], list[Refused]]:
        """The report keys, still wrapped, with their entries; and the refusals."""
        person = self.caller.person(self.address)
        permitted: list[tuple[KeyRecord, Entry]] = []
        refused: list[Refused] = []
        for report_id in self.report_ids:
            key = transaction.key_of_report(self.caller.issuer, report_id)
            if key is None:
                refused.append((report_id, NotFound("This key server has no key for this report.")))
            elif (error := refusal(key, self.caller, transaction.now)) is not None:
                refused.append((report_id, transaction.refuse(error, key, person)))
            else:
                permitted.append((key, transaction.log(Event.LABEL_RELEASED, key, person)))
        return permitted, refused


async def release_labels(appender: Appender, wrapper: KeyWrapper, request: LabelRelease) -> ReleasedLabels:
    """What `request` asks for, as far as it is permitted. Raises `LogUnavailable`."""
    permitted, refused = await appender.submit(request)  # durable in the log when this returns
    given = []
    for record, entry in permitted:
        try:
            report_key = await unwrapped(wrapper, record)
        except WrappingError as error:  # of one key: the others are not affected
            refused.append((record.report_id, error))
        else:
            given.append(ReleasedLabel(record, label_key(report_key, record.report_id, record.key_id), entry))
    return ReleasedLabels(given, refused)
