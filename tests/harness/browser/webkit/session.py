"""The conversation: commands that come over the WebSocket, their answers, and events."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from harness.browser.webkit.toolkit import Soup

Params: TypeAlias = dict[str, Any]


class Refused(Exception):
    """A command that is not carried out. `error` is one of WebDriver BiDi's error codes."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


class Reply:
    """The answer to one command, given now or later; only the first one counts."""

    def __init__(self, send: Callable[[Params], None], number: int) -> None:
        self._send = send
        self._number = number
        self._given = False

    def give(self, result: Params | None = None) -> None:
        """It has been done."""
        self._answer({"type": "success", "id": self._number, "result": result or {}})

    def refuse(self, error: str, message: str) -> None:
        """It could not be done."""
        self._answer({"type": "error", "id": self._number, "error": error, "message": message})

    def _answer(self, message: Params) -> None:
        if not self._given:
            self._given = True
            self._send(message)


Command: TypeAlias = Callable[[Params, Reply], None]


class Session:
    """Listens on a free port of this machine for the one client there is."""

    def __init__(self, ended: Callable[[], None]) -> None:
        """`ended` is called when the client goes away."""
        self.commands: dict[str, Command] = {}
        self._ended = ended
        self._socket: Any = None
        self._server = Soup.Server()
        self._server.add_websocket_handler("/session", None, None, self._connected)
        self._server.listen_local(0, Soup.ServerListenOptions.IPV4_ONLY)
        self.port: int = self._server.get_uris()[0].get_port()

    def event(self, name: str, /, **params: Any) -> None:
        """Tells the client what has happened."""
        self._send({"type": "event", "method": name, "params": params})

    def _connected(self, _server: Any, _message: Any, _path: str, connection: Any, *_data: Any) -> None:
        connection.set_max_incoming_payload_size(0)  # 0 is: without limit
        connection.connect("message", self._heard)
        connection.connect("closed", lambda _connection: self._ended())
        self._socket = connection

    def _heard(self, _connection: Any, _kind: Any, content: Any) -> None:
        message = json.loads(content.get_data())
        reply = Reply(self._send, message["id"])
        command = self.commands.get(message["method"])
        if command is None:
            reply.refuse("unsupported operation", f"{message['method']} cannot be done in WebKitGTK")
            return
        try:
            command(message["params"], reply)
        except Refused as refusal:
            reply.refuse(refusal.error, str(refusal))
        except Exception as fault:  # noqa: BLE001 - whatever it is, the client must not wait for an answer without end
            print(f"{message['method']}: {fault!r}", file=sys.stderr, flush=True)
            reply.refuse("unknown error", f"{message['method']}: {fault!r}")

    def _send(self, message: Params) -> None:
        if self._socket is not None and self._socket.get_state() == Soup.WebsocketState.OPEN:
            self._socket.send_text(json.dumps(message))
