"""The Python side of js/sign-in.js, which handles what must work before Python runs: sign-in and the address bar.

One class knows the names of the JavaScript functions; everything passes as text, so no proxies stay alive between.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from picsafe_client.ui import dom
from picsafe_protocol.contracts.api.accounts import Me
from picsafe_protocol.json.messages import read


class Shell:
    """`globalThis.picsafe.shell`, and `picsafe.i18n` for the language."""

    def __init__(self) -> None:
        import js

        self._shell = js.picsafe.shell
        self._i18n = js.picsafe.i18n
        self._history = js.window.history
        self._location = js.window.location

    def ready(self) -> None:
        """Python has taken over: the sign-in form no longer says that it is loading."""
        self._shell.ready()

    async def signed_in(self) -> Me:
        """Who is signed in, at once or when somebody has signed in."""
        return _me(await self._shell.signedIn())

    async def ask(self, why: str, email: str, *, end_session: bool) -> Me:
        """Brings up the sign-in form and says why; ends the session on the server too when asked to."""
        return _me(await self._shell.ask(why, email, end_session))

    def ask_anyone(self) -> None:
        """Brings up the sign-in form after a screen that was public; `signed_in` has the answer."""
        self._shell.askAnyone()

    def state(self, name: str) -> None:
        """Which part of index.html is shown: "signed-in", "public" or "signed-out"."""
        self._shell.state(name)

    def tell_tabs(self, message: str) -> None:
        """Tells the other tabs of this browser: "active", "lock" or "signed-out"."""
        self._shell.tellTabs(message)

    def on_tab_message(self, listener: Callable[[str], None]) -> None:
        """Calls `listener` with each message of another tab."""
        dom.on(self._shell.channel, "message", lambda event: listener(str(event.data)))

    def language_choice(self) -> str:
        """The language chosen in this browser, "" for the browser's own. js/i18n.js keeps it."""
        return str(self._i18n.choice())

    def browser_language(self) -> str:
        """The language that the browser asks for, as far as the catalogue has it."""
        return str(self._i18n.byBrowser())

    def choose_language(self, code: str) -> None:
        """Puts index.html into this language, "" for the browser's own, and keeps the choice in this browser."""
        self._i18n.choose(code)

    def look_for_release(self) -> None:
        """Has the browser look for a new release of this page, which the next load will run."""
        import js

        js.picsafe.serviceWorkerClient.look()

    def address(self) -> str:
        """The address of the screen: the hash of the location."""
        return str(self._location.hash)

    def set_address(self, address: str) -> None:
        """Goes there, as a link would; the app handles it like a link."""
        self._location.hash = address

    def push_address(self, address: str) -> None:
        """Shows this address as a new step of the history, without going there."""
        self._history.pushState(None, "", address)

    def replace_address(self, address: str) -> None:
        """Shows this address in place of the present one, without going there."""
        self._history.replaceState(None, "", address)


def _me(text: Any) -> Me:
    return read(Me, json.loads(str(text)))
