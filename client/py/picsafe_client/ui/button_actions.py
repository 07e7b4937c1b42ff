"""Button actions: ignores repeated clicks, and shows a cancellable progress message after one second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from picsafe_client.errors import Cancelled
from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom
from picsafe_client.ui.cancellation import cancellable
from picsafe_client.ui.progress import ProgressIndicator


def with_progress(
    button: dom.Node, handler: Callable[[Any], Awaitable[None]], *, what: str = "", place: dom.Node = None
) -> dom.Handler:
    """A handler for a click on `button`, or for the submission of its form: `handler`, with its wait explained in
    `place`.

    `what` says what is going on; "Saving" when left out. Cancelling ends the wait: whether the server had done it
    already, the screen shows when it is loaded again.
    """

    async def explained(event: Any) -> None:
        try:
            async with ProgressIndicator(what or t("wait.saving"), place) as wait:
                await cancellable(wait, _once(handler(event)))
        except Cancelled:
            dom.announce(t("wait.stopped"))

    def act(event: Any) -> Awaitable[None]:
        event.preventDefault()  # now: what is awaited is too late for it
        return explained(event)

    return dom.single_flight(button, act)


async def _once(work: Awaitable[None]) -> None:
    await work
