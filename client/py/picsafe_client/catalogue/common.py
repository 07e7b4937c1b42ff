"""Words that every screen shares: times, sizes, buttons, the frame, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str | Mapping[str, str]]] = {
    "number.decimal": ".",
    "number.group": ",",
    "list.comma": ", ",
    "list.last": "{before} and {last}",
    "size.bytes": {"one": "1 byte", "other": "{count} bytes"},
    "time.just_now": "just now",
    "time.minutes_ago": "{count} min ago",
    "time.hours_ago": "{count} h ago",
    "time.days_ago": {"one": "yesterday", "other": "{count} days ago"},
    "time.minutes_left": "{count} min left",
    "time.hours_left": "{count} h left",
    "time.days_left": {"one": "1 day left", "other": "{count} days left"},
    "time.over": "over",
    "action.cancel": "Cancel",
    "action.close": "Close",
    "action.retry": "Try again",
    "action.back": "Back",
    "action.back_to_inbox": "Back to the inbox",
    "action.reload": "Reload the page",
    "action.sign_in": "Sign in",
    "action.copy": "Copy",
    "action.copied": "Copied",
    "action.dismiss": "Dismiss this message",
    "action.leave": "Leave",
    "action.stay": "Stay here",
    "frame.product": "My PicSafe",
    "frame.page_title": "{screen} – My PicSafe",
    "frame.offline": "No connection. What is open stays open; new reports appear when the connection is back.",
    "leave.title": "Leave this page?",
    "leave.text": "What you have entered here will be gone. Nothing has been sent.",
    "wait.loading": "Loading",
    "wait.amounts": "{what}: {done} of {total}",
    "wait.seconds_left": {"one": ", 1 second left", "other": ", {count} seconds left"},
    "wait.minutes_left": {"one": ", 1 minute left", "other": ", {count} minutes left"},
    "field.optional": "(optional)",
    "error.nothing_lost": "No patient data left this computer.",
    "error.unforeseen": "Something in this page went wrong.",
    "error.unforeseen_advice": "Try again. If it happens again, reload the page; reports that were sent or received are safe.",
    "error.not_found_title": "There is no such page",
    "error.not_found_text": "The link may be incomplete, or from a newer version of PicSafe.",
}
