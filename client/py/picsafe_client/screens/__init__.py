"""The screens, by the name of their route."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final

from picsafe_client.app import App
from picsafe_client.screens.screen import Screen

SCREENS: Final[Mapping[str, str]] = {
    "inbox": "mailbox.inbox:InboxScreen",
    "sent": "mailbox.sent:SentScreen",
    "report": "viewer.screen:ReportScreen",
    "file": "viewer.screen:ReportScreen",
    "send": "compose.screen:SendScreen",
    "account": "account.screen:AccountScreen",
    "institution": "institution.screen:InstitutionScreen",
    "invitation": "account.invitation:InvitationScreen",
}
"""Route name to ``module:class`` in this package."""


def make_screen(name: str, app: App) -> Screen:
    """A new screen for the route `name`."""
    return screen_class(name)(app)


def screen_class(name: str) -> type[Screen]:
    """The class that shows the route `name`."""
    module, _, attribute = SCREENS[name].partition(":")
    found: type[Screen] = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    return found


def load_all() -> None:
    """Imports every screen, so that the memory snapshot holds them."""
    for name in SCREENS:
        screen_class(name)
