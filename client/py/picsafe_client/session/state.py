"""What outlives a screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from picsafe_client.session.list_options import ListOptions
from picsafe_client.session.reading_list import ReadingList
from picsafe_client.session.view_state import ReportViewState


@dataclass
class SessionState:
    """What screens keep between visits; never plaintext. The app makes a new one when somebody else signs in."""

    opened_file: Any = None
    """The encrypted file from disk that is shown, a JavaScript File; None when the report came from a cloud."""
    visits: dict[str, bool] = field(default_factory=dict)
    """Steps of the history that showed a report, and whether it is still open (`screens.viewer.history_guard`)."""
    scroll: dict[str, float] = field(default_factory=dict)
    """How far each list is scrolled, in CSS pixels."""
    rows: dict[str, str] = field(default_factory=dict)
    """The report whose row had the focus last, in each list."""
    options: dict[str, ListOptions] = field(default_factory=dict)
    """Filters and order of each list."""
    reading: ReadingList | None = None
    """The list from which a report was opened, as it stood then."""
    step: int = 0
    """By which of the two buttons the person is going to the next (1) or previous (-1) report; 0 for neither."""
    was_reading: bool = False
    """A report was closed last: in the list the focus goes back to its row."""
    view: ReportViewState | None = None
    """How the open report is being looked at, for after a lock; None once it is closed."""
    shows_patients: bool = False
    """The person wants the lists to show whose reports they are."""
    is_language_chosen: bool = False
    """The account page is being shown again because its language was changed there."""
    is_copying_explained: bool = False
    """The person has read what copying a photo means."""
