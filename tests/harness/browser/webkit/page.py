"""One page: a window with a web view in it, and what it reports."""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Callable
from typing import Any

from harness.browser.webkit import scripts
from harness.browser.webkit.gestures import Hands
from harness.browser.webkit.session import Params, Refused, Reply, Session
from harness.browser.webkit.toolkit import Gdk, GLib, Gtk, WebKit2

NUMBERS = itertools.count(1)

PROMPTS = {
    WebKit2.ScriptDialogType.ALERT: "alert",
    WebKit2.ScriptDialogType.CONFIRM: "confirm",
    WebKit2.ScriptDialogType.PROMPT: "prompt",
    WebKit2.ScriptDialogType.BEFORE_UNLOAD_CONFIRM: "beforeunload",
}


class Page:
    """A window on a page of one profile, open until `close`."""

    def __init__(self, session: Session, web_context: Any, size: tuple[int, int], preload: list[str]) -> None:
        self.id = f"page-{next(NUMBERS)}"
        self.permitted: set[str] = set()
        self.acted = next(NUMBERS)
        self._session = session
        self._realm = ""
        self._navigation: str | None = None
        self._arriving: list[Reply] = []
        self._address = "about:blank"
        self._prompt: Any = None
        self._waiting: Callable[[], None] = lambda: None
        self._chosen: list[str] | None = None
        self._manager = WebKit2.UserContentManager()
        self._manager.register_script_message_handler("reporter")
        self._manager.connect("script-message-received::reporter", self._told)
        self.view = WebKit2.WebView(web_context=web_context, user_content_manager=self._manager)
        settings = self.view.get_settings()
        settings.set_hardware_acceleration_policy(WebKit2.HardwareAccelerationPolicy.NEVER)
        settings.set_enable_page_cache(False)
        settings.set_property("enable-smooth-scrolling", False)
        settings.set_property("enable-developer-extras", True)
        settings.set_property("javascript-can-access-clipboard", True)
        self._hands = Hands(self.view, self._settled)
        self.view.set_input_method_context(None)
        self.view.connect("load-changed", self._load_changed)
        self.view.connect("load-failed", self._load_failed)
        self.view.connect("notify::uri", lambda *_: GLib.idle_add(self._moved_within))
        self.view.connect("script-dialog", self._asked)
        self.view.connect("permission-request", self._wants)
        self.view.connect("run-file-chooser", self._chooses)
        self._window = Gtk.Window(type=Gtk.WindowType.POPUP)
        self._window.add(self.view)
        self.preload(preload)
        self.resize(*size)
        self._window.show_all()
        self._window.move(0, 0)
        self.activate()

    def opened(self, profile: str) -> None:
        """Tells the client that the page is there."""
        self._tell("contextCreated", url=self._address, userContext=profile, parent=None, children=None)
        self._new_realm()

    def close(self, profile: str) -> None:
        """Takes the window away."""
        self._window.destroy()
        self._tell("contextDestroyed", url=self._address, userContext=profile, parent=None, children=None)

    def leave(self, left: Callable[[], None]) -> None:
        """Calls back when the page lets itself be closed; it may ask the person before."""
        self.view.connect("close", lambda _view: left())
        self.view.try_close()

    def preload(self, sources: list[str]) -> None:
        """What runs in each new document before its own scripts."""
        self._manager.remove_all_scripts()
        for source in (scripts.REPORT, *(f"({each})();" for each in sources)):
            self._manager.add_script(
                WebKit2.UserScript.new(
                    source,
                    WebKit2.UserContentInjectedFrames.TOP_FRAME,
                    WebKit2.UserScriptInjectionTime.START,
                    None,
                    None,
                )
            )

    def activate(self) -> None:
        """Lets the page believe that its window is the one in use: all of them do, as there is nobody to choose."""
        self.view.grab_focus()
        event = Gdk.Event.new(Gdk.EventType.FOCUS_CHANGE)
        event.window = self._window.get_window()
        event.send_event = True
        event.focus_change.in_ = 1
        self._window.event(event)

    def perform(self, actions: list[Params], reply: Reply) -> None:
        """Answers when keys, pointer and wheel have done all this."""
        self.acted = next(NUMBERS)
        self._hands.perform(actions, reply.give)

    def resize(self, width: int, height: int) -> None:
        """The size of the page's viewport in CSS pixels."""
        self.view.set_size_request(width, height)
        self._window.resize(width, height)

    # -- going somewhere

    def navigate(self, url: str, reply: Reply) -> None:
        """Answers when the new document has begun, or the place in the old one has been reached."""
        self._begin()
        if "#" in url and url.partition("#")[0] == self._address.partition("#")[0]:
            self._navigation = None
            reply.give({"navigation": None, "url": url})
        else:
            self._arriving.append(reply)
        self.view.load_uri(url)

    def reload(self, reply: Reply) -> None:
        """Answers when the document has begun again."""
        self._begin()
        self._arriving.append(reply)
        self.view.reload()

    def travel(self, delta: int, reply: Reply) -> None:
        """Goes through the history."""
        item = self.view.get_back_forward_list().get_nth_item(delta)
        if item is None:
            raise Refused("no such history entry", str(delta))
        self.view.go_to_back_forward_list_item(item)
        reply.give()
        # Between two entries of one document with the same address, nothing else tells of it.
        self._settled(lambda: None if self._navigation else self._tell("historyUpdated", url=self.view.get_uri()))

    def _begin(self) -> None:
        self.acted = next(NUMBERS)
        self._navigation = f"navigation-{next(NUMBERS)}"

    def _load_changed(self, view: Any, event: Any) -> None:
        url = view.get_uri() or "about:blank"
        if event == WebKit2.LoadEvent.STARTED:
            if self._navigation is None:
                self._begin()
            self._tell("navigationStarted", navigation=self._navigation, url=url)
        elif event == WebKit2.LoadEvent.COMMITTED:
            if self._navigation is None:
                return
            self._address = url
            self._session.event("script.realmDestroyed", realm=self._realm)
            self._tell("navigationCommitted", navigation=self._navigation, url=url)
            self._new_realm()
            self.activate()
            arrived = {"navigation": self._navigation, "url": url}
            self._navigation = None
            for reply in self._arriving:
                reply.give(arrived)
            self._arriving.clear()

    def _load_failed(self, _view: Any, _event: Any, url: str, error: Any) -> bool:
        if self._navigation is not None:
            self._tell("navigationFailed", navigation=self._navigation, url=url)
        self._navigation = None
        for reply in self._arriving:
            reply.refuse("unknown error", error.message)
        self._arriving.clear()
        return True

    def _moved_within(self) -> bool:
        url = self.view.get_uri() or "about:blank"
        if self._navigation is None and url != self._address:
            self._address = url
            self._tell("historyUpdated", url=url)
        return False

    def _new_realm(self) -> None:
        self._realm = f"realm-{next(NUMBERS)}"
        self._session.event(
            "script.realmCreated", realm=self._realm, context=self.id, type="window", origin=self._address
        )

    # -- running scripts

    def run(self, body: str, done: Callable[[Any, str], None]) -> None:
        """Runs the body of an asynchronous function that returns JSON: calls back with what it means, or with what failed."""

        def ran(view: Any, result: Any) -> None:
            try:
                value = view.call_async_javascript_function_finish(result)
            except GLib.Error as fault:
                done(None, fault.message)
                return
            done(json.loads(value.to_string()), "")

        self.view.call_async_javascript_function(body, -1, None, None, None, None, ran)

    def evaluate(self, body: str, reply: Reply, sandbox: str | None) -> None:
        """The same for a command of the client's."""
        realm = f"{self._realm}/{sandbox}" if sandbox else self._realm

        def ran(value: Any, fault: str) -> None:
            if fault.startswith(("SyntaxError", "TypeError")):
                reply.give({"type": "exception", "realm": realm, "exceptionDetails": {"text": fault}})
            elif fault:
                reply.refuse("unknown error", fault)
            elif value.get("gone"):
                reply.refuse("no such handle", "the document has changed")
            elif "exception" in value:
                details = {"text": value["exception"]}
                reply.give({"type": "exception", "realm": realm, "exceptionDetails": details})
            else:
                reply.give({"type": "success", "realm": realm, "result": value["result"]})

        self.run(body, ran)

    def _settled(self, then: Callable[[], None]) -> None:
        """Calls back when the page has worked off what came before; a question to the person ends the wait as well."""
        waiting = [then]

        def once() -> None:
            if waiting:
                waiting.pop()()

        if self._prompt is not None:
            GLib.idle_add(once)
            return
        self._waiting = once
        self.run("return '{}'", lambda _value, _fault: once())

    # -- what the page says

    def _told(self, _manager: Any, message: Any) -> None:
        said = json.loads(message.get_js_value().to_string())
        kind = said["event"]
        if kind in ("domContentLoaded", "load"):
            if said["at"].partition("#")[0] == self._address.partition("#")[0]:  # not a word from the document before
                self._tell(kind, navigation=None, url=self._address)
            return
        source = {"realm": self._realm, "context": self.id}
        entry: Params = {"source": source, "text": said["text"], "timestamp": GLib.get_real_time() // 1000}
        if kind == "error":
            entry |= {"type": "javascript", "level": "error"}
        else:
            text = [{"type": "string", "value": said["text"]}]
            entry |= {"type": "console", "level": "info", "method": said["method"], "args": text}
        self._session.event("log.entryAdded", **entry)

    def _asked(self, _view: Any, dialog: Any) -> bool:
        self._prompt = dialog
        kind = PROMPTS[dialog.get_dialog_type()]
        dialog.ref()
        self._tell("userPromptOpened", handler="ignore", type=kind, message=dialog.get_message() or "")
        self._waiting()
        return True

    def answer(self, accept: bool, text: str | None, reply: Reply) -> None:
        """Answers the question that is open."""
        dialog, self._prompt = self._prompt, None
        if dialog is None:
            raise Refused("no such alert", "nothing is asked")
        kind = dialog.get_dialog_type()
        if kind == WebKit2.ScriptDialogType.PROMPT and accept:
            dialog.prompt_set_text(text or "")
        elif kind != WebKit2.ScriptDialogType.ALERT:
            dialog.confirm_set_confirmed(accept)
        dialog.close()
        self._tell("userPromptClosed", accepted=accept, type=PROMPTS[kind])
        reply.give()

    def _wants(self, _view: Any, request: Any) -> bool:
        wanted = "clipboard-read" if isinstance(request, WebKit2.ClipboardPermissionRequest) else "other"
        if wanted in self.permitted:
            request.allow()
        else:
            request.deny()
        return True

    # -- files and pictures

    def choose(self, handle: str, files: list[str], reply: Reply) -> None:
        """Opens the file chooser of an input element and answers it."""
        self._chosen = files
        click = scripts.call("(each) => each.click()", [{"handle": handle}], awaits=False, owns=False, context=self.id)
        self.run(click, lambda _value, fault: reply.refuse("unknown error", fault) if fault else reply.give())

    def _chooses(self, _view: Any, request: Any) -> bool:
        files, self._chosen = self._chosen, None
        if files is None:
            request.cancel()
            multiple = request.get_select_multiple()
            found = scripts.call(scripts.FILE_INPUT, [], awaits=False, owns=True, context=self.id)
            self.run(found, lambda value, fault: None if fault else self._offers(value["result"], multiple=multiple))
        else:
            request.select_files(files)
        return True

    def _offers(self, element: Params, *, multiple: bool) -> None:
        """A person has opened a file chooser: whether the client wants to answer it, it says by `choose`."""
        self._session.event("input.fileDialogOpened", context=self.id, element=element, multiple=multiple)

    def screenshot(self, clip: Params | None, reply: Reply) -> None:
        """A PNG of what is seen."""

        def taken(view: Any, result: Any) -> None:
            try:
                surface = view.get_snapshot_finish(result)
            except GLib.Error as fault:
                reply.refuse("unable to capture screen", fault.message)
                return
            if clip:
                left, top = int(clip["x"]), int(clip["y"])
                surface = surface.create_for_rectangle(left, top, int(clip["width"]), int(clip["height"]))
            written = io.BytesIO()
            surface.write_to_png(written)
            reply.give({"data": base64.b64encode(written.getvalue()).decode()})

        self.view.get_snapshot(WebKit2.SnapshotRegion.VISIBLE, WebKit2.SnapshotOptions.NONE, None, taken)

    def _tell(self, event: str, **params: Any) -> None:
        timestamp = GLib.get_real_time() // 1000
        self._session.event(f"browsingContext.{event}", context=self.id, timestamp=timestamp, **params)
