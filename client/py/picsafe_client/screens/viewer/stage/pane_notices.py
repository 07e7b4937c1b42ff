"""What stands in a pane in place of a medium that cannot be shown."""

from __future__ import annotations

from collections.abc import Callable

from picsafe_client.i18n.texts import t
from picsafe_client.screens.viewer.labels import type_name
from picsafe_client.ui import dom, notices
from picsafe_protocol.contracts.errors import PictureRefused
from picsafe_protocol.format.report import Medium


class PaneNotices:
    """The notices about one medium; each offers to save it. `is_confirmed`: its bytes are known to be the sender's."""

    def __init__(self, medium: Medium, *, is_confirmed: bool, save: Callable[[], None]) -> None:
        self._medium = medium
        self._is_confirmed = is_confirmed
        self._actions: list[notices.Action] = [(t("report.save_this"), lambda _event: save())]

    def sound_only(self) -> dom.Node:
        """Stands above a video of which only the sound is played."""
        return notices.notice(
            "plain",
            t("report.no_picture", name=type_name(self._medium)),
            t("report.other_program"),
            actions=self._actions,
        )

    def not_for_this_browser(self, *, is_checked: bool = True) -> dom.Node:
        """With `is_checked` the SHA-256 of all bytes is right: so it is the browser that cannot show them."""
        checked = "is_complete" if self._is_confirmed else "is_complete_only"
        return notices.notice(
            "plain",
            t("report.cannot_show", name=type_name(self._medium)),
            t(f"report.{checked}" if is_checked else "report.is_checked_when_saved"),
            t("report.other_program"),
            actions=self._actions,
        )

    def refused(self, error: PictureRefused) -> dom.Node:
        """Trying again changes nothing; the file itself can be saved."""
        if error.rule == "no_size":  # damaged beyond what any decoder shows
            return self.not_for_this_browser()
        return notices.error_notice(error, means=t("report.not_shown"), actions=self._actions)
