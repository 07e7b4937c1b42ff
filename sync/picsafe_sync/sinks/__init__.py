"""Where sync files a report. A sink takes a report whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol


class Sink(Protocol):
    """A place for reports, such as a folder, a PACS or a record system."""

    def has(self, report_id: str) -> bool:
        """Whether the report is stored already, safely and whole."""
        ...

    def begin(self, report_id: str) -> Path:
        """An empty folder to decrypt into. What an earlier, broken attempt left there is gone."""
        ...

    def commit(self, report_id: str, row: dict[str, Any]) -> None:
        """Store for good what lies in the folder of `begin`. When it returns, a power cut cannot lose the report."""
        ...

    def refuse(self, report_id: str, row: dict[str, Any]) -> None:
        """Note that the report will never be stored, and why (`row["result"]`)."""
        ...
