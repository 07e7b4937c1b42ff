"""Records unexpected errors for developers: where in the program they happened, without any content.

The browser's console outlives a lock, and the words of an exception may hold a patient's name.
"""

from __future__ import annotations

import traceback


def note(error: BaseException) -> None:
    """Write the kind of `error` and the places in the program that it came through to the browser's console."""
    import js

    js.console.error("".join([*traceback.format_tb(error.__traceback__), type(error).__name__]))
