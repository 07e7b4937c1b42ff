"""Where the app begins. `bootstrap.wake` calls `start` once Python runs; everything before that is js/sign-in.js."""

from __future__ import annotations

from picsafe_client.app import App
from picsafe_client.drafting.drafts import Drafts
from picsafe_client.screens import make_screen
from picsafe_client.sending.outbox import Outbox
from picsafe_client.session.shell_bridge import Shell
from picsafe_client.ui import dom

_app: App | None = None


def start() -> None:
    """Starts the app of this page. A second call does nothing."""
    global _app
    if _app is not None:
        return
    _app = App(Shell(), make_screen)
    _app.outbox = outbox = Outbox(_app)
    _app.drafts = Drafts(_app)
    dom.start_task(_app.start())
    dom.start_task(outbox.resume())
