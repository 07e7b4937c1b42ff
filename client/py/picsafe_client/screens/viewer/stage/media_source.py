"""One open report as panes show it: what it holds, which of it stays decrypted, and how a file of it is saved."""

from __future__ import annotations

from collections.abc import Callable

from picsafe_client.screens.viewer.stage.media_cache import PREFETCH_BYTES, ShownMedia
from picsafe_protocol.format.report import Report


class MediaSource:
    """Shared by all panes that show the same report."""

    def __init__(self, report: Report, media: ShownMedia, save_medium: Callable[[int], None]) -> None:
        """`save_medium` saves a medium that a pane cannot show."""
        self.report = report
        self.media = media
        self.save_medium = save_medium
        self._shown: dict[object, int] = {}

    def show(self, pane: object, index: int) -> None:
        """`pane` shows this medium from now on. Drops what no pane shows and what is no neighbour of what is shown."""
        self._shown[pane] = index
        self.media.keep(self._wanted())

    def leave(self, pane: object) -> None:
        """`pane` shows nothing of this report any more."""
        self._shown.pop(pane, None)

    def prefetch_neighbours(self) -> None:
        """Fetches the photos before and after what is shown."""
        self.media.prefetch([index + step for index in self._shown.values() for step in (1, -1)])

    def _wanted(self) -> set[int]:
        """What is shown, and the neighbours if they are no large videos."""
        shown, media = set(self._shown.values()), self.report.media
        near = {index + step for index in shown for step in (1, -1)}
        return shown | {index for index in near if 0 <= index < len(media) and media[index].size <= PREFETCH_BYTES}
