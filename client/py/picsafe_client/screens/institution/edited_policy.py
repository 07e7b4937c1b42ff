"""The policy that the forms of one screen change, as it was when it was last read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from picsafe_client.api import institution
from picsafe_client.screens.screen import Screen
from picsafe_protocol.contracts.api.institutions import InstitutionView
from picsafe_protocol.contracts.api.requests import InstitutionChange
from picsafe_protocol.contracts.errors import ChangedMeanwhile


class EditedPolicy:
    """`rules` is the policy; `show_again` fills the screen with what the server has now."""

    def __init__(self, screen: Screen, rules: InstitutionView, show_again: Callable[[], Awaitable[None]]) -> None:
        self._screen = screen
        self._show_again = show_again
        self.rules = rules

    async def change(self, change: InstitutionChange) -> InstitutionView:
        """Changes the policy and returns it. Raises what the server refuses; `ChangedMeanwhile` when another
        administrator was faster, and then the screen shows their policy.
        """
        app = self._screen.app
        try:
            self.rules = await institution.change_policy(app.api, change, self.rules)
        except ChangedMeanwhile:
            await self._show_again()
            raise
        app.refresh_me(await app.api.me())
        return self.rules
