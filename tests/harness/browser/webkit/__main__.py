"""Starts the browser on a screen of its own, and ends with its client."""

from __future__ import annotations

import os
import subprocess
import sys


def screen() -> tuple[subprocess.Popen[bytes], str]:
    """A virtual screen that nobody sees, and its name. The pointer rests outside of all windows."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "4000x4000x24", "-nolisten", "tcp", "-noreset"]
    running = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    return running, f":{number}"


def main() -> None:
    """The browser, until it is told to close or its client goes away."""
    shown, name = screen()
    os.environ |= {
        "DISPLAY": name,
        "GDK_BACKEND": "x11",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "NO_AT_BRIDGE": "1",
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # it needs what a container does not give
    }
    try:
        # GTK looks for its screen when it is imported.
        from harness.browser.webkit.browser import Browser, quitting
        from harness.browser.webkit.session import Session
        from harness.browser.webkit.toolkit import Gtk

        session = Session(quitting)
        Browser(session)
        print(f"WebDriver BiDi listening on ws://127.0.0.1:{session.port}", file=sys.stderr, flush=True)
        Gtk.main()
    finally:
        shown.terminate()
        shown.wait()


main()
