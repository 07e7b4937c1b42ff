"""Entry point in the browser: refreshes state that the memory snapshot froze, then starts the app.

The snapshot was made at build time, so what Python read from its surroundings then is that of the build: the state of
`random`, the environment, and the names of the time zone (`time.timezone`, `time.tzname`: UTC). `secrets`,
`os.urandom`, the clock and `datetime.astimezone` ask the browser each time and need nothing.
"""

from __future__ import annotations

import random
import traceback

from picsafe_client.main import start


def wake() -> None:
    """Makes this Python the page's own, tells the page that it runs, and starts the app.

    A failure reaches the page through `picsafe.boot.failed` (js/boot.js), and nobody else.
    """
    import js

    try:
        renew()
        js.picsafe.boot.ready()
        start()
    except Exception as error:  # noqa: BLE001 whatever it is, the page has to say so
        js.picsafe.boot.failed("".join(traceback.format_exception(error)))


def renew() -> None:
    """Replaces what was frozen and would be the same for everybody."""
    random.seed()
