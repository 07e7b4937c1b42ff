"""The app: who is signed in, which screen is shown, and when plaintext is dropped.

Screens get the `App` and use::

    app.me, app.api, app.clock       who is signed in, the servers, the servers' time
    app.go(address)                  to another screen; `router.address` makes addresses
    app.open_file(file)              a .picsafe file from disk: the screen #/file takes it with `take_file`
    app.patients                     whose reports the lists show, as far as it was read; forgotten on lock
    app.show_problem(error, ...)     the banner at the top of the page
    app.lock(), app.sign_out()       both drop plaintext before anything else
    await app.signed_in()            for work that goes on behind the lock: returns once the same person is back

There is one path to safety, `_purge_plaintext`: every lock, sign-out and end of a session goes through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from picsafe_client.api.client import Api
from picsafe_client.api.event_stream import Connected, EventStream, LiveEvent, SessionEnded
from picsafe_client.app_frame import Frame
from picsafe_client.errors import Cancelled
from picsafe_client.i18n import texts
from picsafe_client.i18n.texts import t
from picsafe_client.interop import js_object
from picsafe_client.observable import Observable
from picsafe_client.reports.prefetched import Prefetched
from picsafe_client.routing.navigation import Navigation
from picsafe_client.routing.page import Page, PageFactory
from picsafe_client.routing.router import address, parse
from picsafe_client.session import idle_countdown, incident_log, password_reset_notice
from picsafe_client.session.idle_lock import IdleLock
from picsafe_client.session.mailbox import AVAILABLE, Mailbox, sender_of
from picsafe_client.session.models import Clock, Person
from picsafe_client.session.patients import Patients
from picsafe_client.session.shell_bridge import Shell
from picsafe_client.session.state import SessionState
from picsafe_client.ui import dialogs, dom, heic, letter_keys, notices
from picsafe_protocol.contracts.api.accounts import Me
from picsafe_protocol.contracts.api.reports import RemovedReport, ReportView
from picsafe_protocol.contracts.errors import NotSignedIn, PicSafeError


class App:
    """One per page. `start` runs once, when Python is ready."""

    def __init__(self, shell: Shell, make_page: PageFactory) -> None:
        self.shell = shell
        self.me: Person | None = None
        self.clock = Clock()
        self.frame = Frame()
        self.api = Api()
        self.api.now = self.clock.now
        self.api.on_signed_out = lambda: self._prompt_sign_in("expired")
        self.prefetched = Prefetched(self.api)
        self.patients = Patients()
        self.session_state = SessionState()
        self.arrivals: Observable[Person] = Observable()
        """Somebody has signed in, or unlocked."""
        self.departures: Observable[None] = Observable()
        """Plaintext has to go: locked, signed out, or the page is hidden for good."""
        self.outbox: object | None = None
        """The reports that are on their way (`sending.outbox.Outbox`)."""
        self.drafts: object | None = None
        """Those of this computer (`drafting.drafts.Drafts`)."""
        self.boxes: dict[str, Mailbox] = {}
        """The lists "inbox" and "sent". The app keeps them true while any screen is shown."""
        self.navigation = Navigation(self, make_page)
        self.live = EventStream(self._on_event, self._connected)
        self.idle_lock = IdleLock(self._lock_now, lambda: shell.tell_tabs("active"), idle_countdown.show)
        self._live_events: Observable[LiveEvent] = Observable()
        self._file: Any = None
        self._signed_in_event = asyncio.Event()
        self._is_asking = False
        self._prompt_generation = 0

    # -- start, sign in, lock, sign out

    async def start(self) -> None:
        """Takes over from the shell: shows what the address says, after signing in where that is needed."""
        dom.on_error(self.show_problem)
        self._listen()
        self.shell.ready()
        if parse(self.shell.address()).is_public:
            self.navigation.navigate()
        self._on_signed_in(await self.shell.signed_in())

    def require_me(self) -> Person:
        """The person who is signed in; `NotSignedIn` when nobody is."""
        if self.me is None:
            raise NotSignedIn
        return self.me

    def _on_signed_in(self, answer: Me) -> None:
        me = Person.of(answer)
        if self.me is not None and self.me.id != me.id:
            self._forget_person()
            self.shell.replace_address(address("inbox"))
        self.me = me
        if not self.boxes:
            self.boxes = {name: Mailbox(name, lambda path: self.api.users("GET", path)) for name in ("inbox", "sent")}
            self.boxes["inbox"].changes.watch(lambda _which: self.navigation.paint_title())
        self.clock.learn(answer.server_time)
        self.idle_lock.start(me.idle_minutes)
        self.live.start()
        self._signed_in_event.set()
        self.frame.set_user(me)
        password_reset_notice.show(self.api, me)
        self.navigation.navigate()
        self.arrivals.notify(me)
        if not self.boxes["inbox"].is_loaded and self.navigation.route.screen != "inbox":
            dom.start_task(self.boxes["inbox"].refresh())  # for the number of unread ones

    def refresh_me(self, answer: Me) -> Person:
        """Takes over what the user server says after a change of the account or of the institution's settings."""
        me = self.me = Person.of(answer)
        self.idle_lock.start(me.idle_minutes)
        self.frame.set_user(me)
        return me

    def lock(self, _event: Any = None) -> None:
        """By hand: asks first where something would be lost."""
        self._unless_lost("lock", self._lock_now)

    def _lock_now(self) -> None:
        """Drops all plaintext at once, ends the session, and asks for the password; then the same screen comes back."""
        self.shell.tell_tabs("lock")
        self._prompt_sign_in("locked", end_session=True)

    def sign_out(self, _event: Any = None) -> None:
        """By hand: asks first where something would be lost."""
        self._unless_lost("sign_out", self._sign_out_now)

    def _sign_out_now(self) -> None:
        """Drops everything, ends the session here and in every other tab."""
        self.shell.tell_tabs("signed-out")
        self.shell.replace_address(address("inbox"))
        self._prompt_sign_in("signed-out", end_session=True)

    def _unless_lost(self, what: str, work: Callable[[], None]) -> None:
        if self.screen is None or not self.screen.would_be_lost:
            work()
        elif not self._is_asking:
            dom.start_task(self._ask_before(what, work))

    async def _ask_before(self, what: str, work: Callable[[], None]) -> None:
        self._is_asking = True
        try:
            title, text, label = (t(f"leave.{what}{part}") for part in ("_title", "_text", ""))
            sure = await dialogs.confirm(title, text, label, danger=True, cancel=t("action.stay"))
        finally:
            self._is_asking = False
        if sure and self.is_signed_in:
            work()

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is signed in and not locked out."""
        return self._signed_in_event.is_set()

    async def signed_in(self) -> Person:
        """Returns at once, or when the person who was signed in is back after a lock or an expired session.

        `NotSignedIn` when somebody else came instead.
        """
        before = self.me
        await self._signed_in_event.wait()
        me = self.require_me()
        if before is not None and before.id != me.id:
            raise NotSignedIn
        return me

    def _prompt_sign_in(self, why: str, *, end_session: bool = False) -> None:
        """`why` is "locked", "expired" or "signed-out"; sign-in.js has the words for each."""
        self._purge_plaintext()
        forget = why == "signed-out"
        if not self._signed_in_event.is_set() and not (forget and self.me is not None):
            return  # the form is there already, and something may have been typed into it
        self._signed_in_event.clear()
        self._prompt_generation += 1
        turn = self._prompt_generation
        email = "" if forget or self.me is None else self.me.email
        if forget:
            self._forget_person()

        async def ask() -> None:
            answer = await self.shell.ask(why, email, end_session=end_session)
            if turn == self._prompt_generation:  # nobody has asked again since
                self._on_signed_in(answer)

        dom.start_task(ask())

    def _forget_person(self) -> None:
        self.me = None
        self.session_state = SessionState()
        self.boxes.clear()

    def _purge_plaintext(self) -> None:
        """Everything of a patient, gone from the page and from memory, without waiting for anything."""
        self.navigation.leave()
        self.departures.notify(None)
        password_reset_notice.clear()
        dom.clear_announcements()
        self.patients.forget()
        self.prefetched.drop()
        heic.forget()
        self._file = None
        self.idle_lock.stop()
        self.live.stop()
        self.api.forget()

    # -- screens

    @property
    def screen(self) -> Page | None:
        """The screen that is shown."""
        return self.navigation.screen

    @property
    def unread(self) -> int:
        """How many reports of the inbox are unread."""
        inbox = self.boxes.get("inbox")
        return inbox.unread if inbox is not None else 0

    def go(self, target: str, *, replace: bool = False) -> None:
        """To the screen at the address `target`. With `replace`, "back" skips the screen that is left."""
        self.navigation.go(target, replace=replace)

    def open_file(self, file: Any) -> None:
        """Shows a `.picsafe` file from this computer (a JavaScript File). Nothing is uploaded."""
        self._file = file
        if self.navigation.route.screen == "file":
            self.navigation.navigate()
        else:
            self.go(address("file"))

    def take_file(self) -> Any:
        """The file that `open_file` was given, once; None when there is none, for example after a reload."""
        file, self._file = self._file, None
        return file

    def set_language(self, code: str) -> None:
        """The page in another language, "" for the browser's own. What is being sent goes on."""
        self.shell.choose_language(code)
        texts.reload_locale()
        self.navigation.navigate(force=True)

    # -- errors

    def show_problem(
        self, error: BaseException, *, means: str | None = None, actions: Sequence[notices.Action] = ()
    ) -> None:
        """Shows `error` at the top of the page (see `ui.notices.error_notice`). What was cancelled is no problem."""
        if isinstance(error, Cancelled | asyncio.CancelledError):
            return
        if isinstance(error, NotSignedIn) and not self._signed_in_event.is_set():
            return
        if not isinstance(error, PicSafeError):
            incident_log.note(error)
        place = dom.by_id("banner")
        dom.replace_children(place)

        def dismiss(_event: Any) -> None:
            dom.replace_children(place)

        node = notices.error_notice(error, means=means, actions=actions, on_dismiss=dismiss)
        dom.append(place, node)
        node.scrollIntoView(js_object({"block": "nearest"}))

    # -- what the whole page listens to

    def subscribe(self, listener: Callable[[LiveEvent], None]) -> dom.Dispose:
        """Calls `listener` with live events; the answer stops it."""
        return self._live_events.watch(listener)

    def _on_event(self, event: LiveEvent) -> None:
        if isinstance(event, SessionEnded):
            dom.start_task(self._check_session())
            return
        self._update_mailboxes(event)
        self._live_events.notify(event)

    def _update_mailboxes(self, event: LiveEvent) -> None:
        if isinstance(event, ReportView) and event.box in self.boxes:
            if event.state != AVAILABLE:
                self.patients.remove(event.id)  # what was withdrawn names nobody any more
            is_new = self.boxes[event.box].upsert(event)
            if is_new and event.box == "inbox" and event.unread:
                dom.announce(t("inbox.arrived", name=sender_of(event)))
        elif isinstance(event, RemovedReport):
            self.patients.remove(event.id)
            gone = self.boxes["inbox"].remove(event.id)
            if gone is not None:
                dom.announce(t("inbox.gone", name=sender_of(gone)))
        elif isinstance(event, Connected):
            for box in self.boxes.values():
                if box.is_loaded:
                    dom.start_task(box.refresh())

    def _connected(self, yes: bool) -> None:
        self.frame.set_online(yes or not self._signed_in_event.is_set())
        if yes:
            self.shell.look_for_release()  # servers restart for a new one
            self._on_event(Connected())

    async def _check_session(self) -> None:
        """A session of this person ended: ours, unless the user server still knows us."""
        self.clock.learn((await self.api.me()).server_time)

    def _listen(self) -> None:
        window, page = dom.window(), dom.document()
        dom.on(window, "hashchange", self.navigation.navigate)
        dom.on(window, "keydown", self._key)
        dom.on(window, "beforeunload", self._before_unload)
        dom.on(window, "pagehide", self._hidden)
        dom.on(window, "pageshow", self._shown_again)
        self.frame.keep_focus_in_sight()
        self.frame.listen_for_files(self.open_file, self._signed_in_event.is_set)
        dom.on(page.getElementById("lock-button"), "click", self.lock)
        dom.on(page.getElementById("sign-out-button"), "click", self.sign_out)
        self.shell.on_tab_message(self._on_tab_message)
        self.idle_lock.listen()

    def _on_tab_message(self, message: str) -> None:
        if message == "active":
            self.idle_lock.touched_elsewhere()
        elif message == "lock":
            self._prompt_sign_in("locked")
        elif message == "signed-out":
            self.shell.replace_address(address("inbox"))
            self._prompt_sign_in("signed-out")

    def _key(self, event: Any) -> None:
        is_lock = str(event.key) in {"l", "L"} and letter_keys.is_wanted("l")
        if is_lock and not dom.is_typing(event) and self._signed_in_event.is_set():
            event.preventDefault()
            self.lock()

    def _hidden(self, _event: Any) -> None:
        if self.screen is not None:
            self.screen.drop_plaintext()
        self.departures.notify(None)

    def _shown_again(self, event: Any) -> None:
        if event.persisted:
            self.navigation.navigate(force=True)
            if self.is_signed_in:
                self.arrivals.notify(self.require_me())

    def _before_unload(self, event: Any) -> None:
        if self.screen is not None and self.screen.unsaved:
            event.preventDefault()
