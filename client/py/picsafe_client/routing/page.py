"""The interface that navigation needs from a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

from picsafe_client.interop import Node

Layout: TypeAlias = Literal["page", "wide", "stage"]
"""A readable column, the width of the window, or the whole window below the header."""


class Page(Protocol):
    """One visit of one route; see `screens.screen.Screen`."""

    root: Node

    @property
    def title(self) -> str:
        """The catalogue key of the document's title."""
        ...

    @property
    def layout(self) -> Layout: ...

    @property
    def waits_for(self) -> str:
        """The catalogue key of what `show` waits for; empty when it shows that itself."""
        ...

    @property
    def unsaved(self) -> bool:
        """Whether leaving would lose what the person has entered."""
        ...

    @property
    def would_be_lost(self) -> bool:
        """Whether a lock would lose what the person has entered."""
        ...

    async def show(self, params: Mapping[str, str]) -> None:
        """Fill `root`."""
        ...

    def drop_plaintext(self) -> None:
        """Forget keys and patient data at once."""
        ...

    def leave(self) -> None:
        """Stop; called after `drop_plaintext`."""
        ...

    def release(self) -> None:
        """End handlers and tasks; called after `leave`."""
        ...


PageFactory: TypeAlias = Callable[[str, Any], Page]
"""Makes the page of a route for an app: `(route name, app) -> page`."""
