"""Where the app begins. The boot script calls `start` once Python runs; everything before that is js/shell.js."""

from __future__ import annotations

import random

from picsafe_client import dom
from picsafe_client.app import App
from picsafe_client.shell import Shell

_app: App | None = None


def start() -> None:
    """Starts the app of this page. A second call does nothing."""
    global _app
    if _app is not None:
        return
    random.seed()  # the memory snapshot froze its state at build time
    _app = App(Shell())
    dom.spawn(_app.start())
