"""Sinks, the places where sync stores reports. A sink takes a report completely or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Outcome:
    """What became of a report. `result` is `stored`, or the code of the error that will not go away; times are UTC."""

    report_id: str
    result: str
    sender: str = ""
    available_at: str = ""
    noted_at: str = ""


class Sink(Protocol):
    """A place for reports, such as a folder, a PACS or a record system."""

    def has(self, report_id: str) -> bool:
        """Whether the report was stored already, safely and whole."""
        ...

    def begin(self, report_id: str) -> Path:
        """An empty folder to decrypt into. What an earlier, broken attempt left there is gone."""
        ...

    def abandon(self) -> None:
        """Take away what lies in the folder of `begin`."""
        ...

    def commit(self, outcome: Outcome) -> None:
        """Store for good what lies in the folder of `begin`; or, where `has` said so, complete what a crash kept from
        being done.

        When it returns, a power cut cannot lose the report.
        """
        ...

    def refuse(self, outcome: Outcome) -> None:
        """Note that the report will not be stored, and why."""
        ...
