"""The recipients of a report: addresses as chips, with suggestions while one types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from picsafe_client.api import reports
from picsafe_client.api.client import Api
from picsafe_client.i18n.texts import t
from picsafe_client.session.models import Person
from picsafe_client.ui import dom, forms
from picsafe_protocol.contracts.api.reports import Suggestion
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.contracts.limits import EMAIL_CHARACTERS, RECIPIENTS

_EMAIL: Final = re.compile(r"[^\s@,;]+@[^\s@,;]+")
TYPING_PAUSE: Final = 200
"""Milliseconds without a key before suggestions are asked for."""
DOUBLE_CLICK: Final = 500.0
"""Milliseconds within which two clicks are one double click."""


class RecipientPicker:
    """`node` goes on the page; `emails` are those chosen."""

    def __init__(self, api: Api, me: Person, changed: Callable[[], None]) -> None:
        self._api = api
        self._changed = changed
        self._later: dom.Dispose = lambda: None
        self._asked = 0
        self._chosen_at = -math.inf
        self._names: dict[str, str] = {}
        self.emails: list[str] = []
        self.field = forms.text_field(
            "send-recipient",
            t("send.recipient"),
            kind="email",
            hint=t("send.recipient_hint"),
            autocomplete="off",
            maxlength=EMAIL_CHARACTERS,
            autocapitalize="none",
            spellcheck="false",
        )
        add = dom.button(t("send.add_recipient"), lambda _event: self._add_clicked(), icon_name="plus")
        row = dom.el("div", {"class": "send-add"})
        self.field.control.replaceWith(row)
        self._suggestions = dom.el("ul", {"class": "suggestions", "aria-label": t("send.suggestions"), "hidden": True})
        dom.append(row, self.field.control, add, self._suggestions)
        self._chips = dom.el("ul", {"class": "chips", "aria-label": t("send.recipients")})
        self._names[me.email] = me.name
        self._myself = dom.button(
            t("send.to_myself"),
            self._add_myself,
            kind="quiet",
            icon_name="device",
        )
        self._own = me.email
        self.node = dom.el("div", {"class": "send-recipients"}, self._chips, self.field.node, self._myself)
        dom.on(self.field.control, "keydown", self._key)
        dom.on(self.field.control, "input", lambda _event: self._typed())
        dom.on(self._suggestions, "keydown", self._suggestion_key)
        dom.on(self._suggestions, "mousedown", lambda event: event.preventDefault())  # leaves the focus where it is
        dom.on(row, "focusout", lambda event: None if row.contains(event.relatedTarget) else self._hide_suggestions())

    def settle(self) -> bool:
        """Takes what is still being typed, if it is an address; whether the recipients can be sent to."""
        if self.field.value and not self._add_typed():
            return False
        if not self.emails:
            self.field.set_error(t("send.recipients_missing"))
            return False
        return True

    def name(self, email: str) -> str:
        """The name that the address book gives, else the address."""
        return self._names.get(email, email)

    def mark_unknown(self, emails: Sequence[str]) -> None:
        """The server knows nobody with these addresses."""
        self.field.set_error(t("send.recipient_unknown"))
        for chip in self._chips.children:
            if str(chip.dataset.email) in emails:
                chip.classList.add("chip-danger")
        self.field.focus()

    def _key(self, event: Any) -> None:
        if event.key in {"Enter", ",", ";"} and not event.isComposing:
            event.preventDefault()
            if self.field.value:
                self._add_typed()
        elif event.key == "ArrowDown" and not self._suggestions.hidden:
            event.preventDefault()
            self._suggestions.querySelector("button").focus()
        elif event.key == "Escape":
            self._hide_suggestions()

    def _suggestion_key(self, event: Any) -> None:
        """Arrow keys go through the suggestions and back to the field."""
        row = event.target.closest("li")
        if event.key in {"ArrowDown", "ArrowUp"}:
            event.preventDefault()
            other = row.nextElementSibling if event.key == "ArrowDown" else row.previousElementSibling
            if other:
                other.querySelector("button").focus()
            elif event.key == "ArrowUp":
                self.field.focus()
        elif event.key == "Escape":
            self._hide_suggestions()
            self.field.focus()

    def _hide_suggestions(self) -> None:
        """Also those that are still on their way."""
        self._later()
        self._asked += 1
        self._suggestions.hidden = True

    def _typed(self) -> None:
        self.field.clear_error()
        self._later()
        if len(self.field.value) < 2:
            self._hide_suggestions()
            return
        self._later = dom.set_timeout(self._ask, TYPING_PAUSE)

    def _ask(self) -> None:
        dom.start_task(self._suggest(self.field.value))

    async def _suggest(self, words: str) -> None:
        self._asked += 1
        number = self._asked
        try:
            found = await reports.suggestions(self._api, words)
        except PicSafeError:
            return  # an address can be typed without suggestions
        if number != self._asked or not self._suggestions.isConnected:
            return
        fresh = [person for person in found if person.email not in self.emails]
        dom.replace_children(self._suggestions, *[self._suggestion(person) for person in fresh])
        self._suggestions.hidden = not fresh

    def _suggestion(self, person: Suggestion) -> dom.Node:
        self._names[person.email] = person.name
        about = " · ".join(part for part in (person.email, person.institution or "") if part)
        button = dom.el(
            "button",
            {"type": "button", "class": "suggestion"},
            dom.el("span", {"class": "suggestion-name"}, person.name),
            dom.el("span", {"class": "soft small"}, about),
        )

        def chosen(event: Any) -> None:
            self._chosen_at = float(event.timeStamp)
            dom.defer(lambda: self._choose(person.email))

        dom.on(button, "click", chosen)
        return dom.el("li", None, button)

    def _choose(self, email: str) -> None:
        self.field.value = ""
        self._hide_suggestions()
        self._add(email)
        self.field.focus()

    def _add_myself(self, event: Any) -> None:
        """In addition to the address being typed. The second click of a double one was meant for the suggestion
        above.
        """
        if float(event.timeStamp) - self._chosen_at < DOUBLE_CLICK:
            return
        self._add(self._own)
        self.field.focus()

    def _add_clicked(self) -> None:
        if self.field.value:
            self._add_typed()
        else:
            self.field.focus()

    def _add_typed(self) -> bool:
        email = self.field.value.rstrip(",;").lower()
        if not _EMAIL.fullmatch(email):
            self.field.set_error(t("send.recipient_odd"))
            self.field.focus()
            return False
        self.field.value = ""
        self._hide_suggestions()
        return self._add(email)

    def _add(self, email: str) -> bool:
        self.field.clear_error()
        if email in self.emails:
            return True
        if len(self.emails) >= RECIPIENTS:
            self.field.set_error(t("send.too_many_recipients", count=RECIPIENTS))
            return False
        self.emails.append(email)
        self._myself.hidden = self._own in self.emails

        def take_away(_event: Any) -> None:
            self.emails.remove(email)
            self._changed()
            self._myself.hidden = self._own in self.emails
            dom.defer(lambda: dom.remove(chip))
            self.field.clear_error()
            self.field.focus()

        remove = dom.icon_button(t("send.remove_recipient", email=email), "close", take_away)
        chip = dom.el(
            "li", {"class": "chip chip-person", "data-email": email}, dom.el("span", None, self.name(email)), remove
        )
        dom.append(self._chips, chip)
        self._changed()
        return True

    def restore(self, people: Sequence[tuple[str, str]]) -> None:
        """Adds the recipients of a draft, addresses with names."""
        for email, name in people:
            self._names.setdefault(email, name)
            self._add(email)

    def chosen(self) -> list[tuple[str, str]]:
        """The recipients, addresses with names."""
        return [(email, self.name(email)) for email in self.emails]
