"""Every word that the page says, from one catalogue, and dates, sizes and lists as people write them.

The catalogue is made of the dictionaries `TEXTS` of the modules in `catalogue/`, one for each screen. A key is
``screen.thing``; a text has its values in braces, as ``str.format`` does. A text that depends on a number is a
dictionary by plural category: ``{"one": "1 file", "other": "{count} files"}`` is chosen by the value `count`.
A key that does not exist raises `KeyError`: a test reads the whole client for keys and finds it before a person does.

The words of index.html and of shell.js come from the same place: `fill_template` is what build.py calls.

Dates are shown in the person's own locale and time zone by the browser; outside one (tests, the build) in British
English and UTC.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeAlias

from picsafe_client.catalogue import CATALOGUE

Text: TypeAlias = str | Mapping[str, str]
When: TypeAlias = datetime | str
"""A moment: a datetime with its zone, or RFC 3339 text as the servers send it."""

IN_BROWSER: Final = sys.platform == "emscripten"
LANGUAGES: Final = ("en",)
MINUTE, HOUR, DAY = 60, 3600, 86400
_UNITS: Final = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000))
_PLACE: Final = re.compile(r"\{\{(text|texts):([a-z_.]+)\}\}")


def t(key: str, **values: Any) -> str:
    """The text of `key` with `values` filled in; `count` chooses the plural form and is itself filled in."""
    text: Text = CATALOGUE[key]
    if not isinstance(text, str):
        text = text[plural(values["count"])] if plural(values["count"]) in text else text["other"]
    return text.format(**values) if values else text


def plural(number: int) -> str:
    """The plural category of English."""
    return "one" if number == 1 else "other"


def fill_template(page: str) -> str:
    """index.html with ``{{text:key}}`` replaced by the text, and ``{{texts:prefix}}`` by a JSON object of all texts
    whose keys begin so, for a data block. Both are safe in HTML."""

    def place(match: re.Match[str]) -> str:
        kind, key = match.groups()
        if kind == "text":
            return html.escape(t(key))
        block = {name: text for name, text in CATALOGUE.items() if name.startswith(key + ".")}
        return json.dumps(block, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")

    return _PLACE.sub(place, page)


@cache
def locale() -> str:
    """The locale for dates and numbers: the person's own where it speaks a language of the catalogue, else British."""
    if IN_BROWSER:
        import js

        for tag in js.navigator.languages:
            if str(tag).partition("-")[0] in LANGUAGES and "-" in str(tag):
                return str(tag)
    return "en-GB"


def moment_of(when: When) -> datetime:
    """`when` as a datetime with a zone."""
    return datetime.fromisoformat(when) if isinstance(when, str) else when


def date(when: When) -> str:
    """A day, unambiguous: 22 Nov 2026."""
    return _formatted(moment_of(when), {"day": "numeric", "month": "short", "year": "numeric"}, "%-d %b %Y")


def moment(when: When) -> str:
    """A day with its time: 22 Nov 2026, 10:15."""
    style = {"day": "numeric", "month": "short", "year": "numeric", "hour": "2-digit", "minute": "2-digit"}
    return _formatted(moment_of(when), style, "%-d %b %Y, %H:%M")


def clock_time(when: When) -> str:
    """The time of day: 10:15."""
    return _formatted(moment_of(when), {"hour": "2-digit", "minute": "2-digit"}, "%H:%M")


def day_and_month(when: When) -> str:
    """A day of this year: 29 November."""
    return _formatted(moment_of(when), {"day": "numeric", "month": "long"}, "%-d %B")


def birth_date(text: str) -> str:
    """A date of birth, ``1970-01-31``, which has no time and so no zone: 31 Jan 1970."""
    style = {"day": "numeric", "month": "short", "year": "numeric", "timeZone": "UTC"}
    return _formatted(datetime.fromisoformat(text).replace(tzinfo=UTC), style, "%-d %b %Y")


def _formatted(when: datetime, style: Mapping[str, str], fallback: str) -> str:
    if not IN_BROWSER:
        return when.astimezone(UTC).strftime(fallback)
    import js

    return str(_formatter(tuple(style.items())).format(js.Date.new(when.timestamp() * 1000)))


@cache
def _formatter(style: tuple[tuple[str, str], ...]) -> Any:
    import js

    from picsafe_client import dom

    return js.Intl.DateTimeFormat.new(locale(), dom.options(dict(style)))


def ago(when: When, now: datetime) -> str:
    """How long ago, in words a glance takes in: "just now", "5 min ago", "3 days ago", then the date."""
    seconds = (now - moment_of(when)).total_seconds()
    if seconds < MINUTE:
        return t("time.just_now")
    if seconds < HOUR:
        return t("time.minutes_ago", count=int(seconds // MINUTE))
    if seconds < DAY:
        return t("time.hours_ago", count=int(seconds // HOUR))
    if seconds < 7 * DAY:
        return t("time.days_ago", count=int(seconds // DAY))
    return date(when)


def remaining(until: When, now: datetime) -> str:
    """How long something is still kept: "6 days left", "20 h left", "5 min left", "over"."""
    seconds = (moment_of(until) - now).total_seconds()
    if seconds <= 0:
        return t("time.over")
    if seconds < HOUR:
        return t("time.minutes_left", count=max(1, int(seconds // MINUTE)))
    if seconds < DAY:
        return t("time.hours_left", count=int(seconds // HOUR))
    return t("time.days_left", count=int(seconds // DAY))


def size(length: int) -> str:
    """A number of bytes in decimal units, as computers and phones show files: 640 bytes, 3.4 MB, 1.2 GB."""
    for unit, worth in _UNITS:
        if length >= worth or (unit == "kB" and length >= 1000):
            value = length / worth
            return f"{number(value, 1 if value < 99.5 and unit != 'kB' else 0)} {unit}"
    return t("size.bytes", count=length)


def number(value: float, decimals: int = 0) -> str:
    """A number with the decimal mark and the grouping of the catalogue's language; 3.0 is written 3."""
    text = f"{value:,.{decimals}f}"
    if decimals and text.endswith("." + "0" * decimals):
        text = text.partition(".")[0]
    return text.replace(",", "\0").replace(".", t("number.decimal")).replace("\0", t("number.group"))


def duration(seconds: float) -> str:
    """The length of a video or a sound: 0:07, 12:05, 1:02:03."""
    whole = round(seconds)
    hours, minutes, rest = whole // HOUR, whole % HOUR // MINUTE, whole % MINUTE
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def listing(words: Iterable[str]) -> str:
    """Words as a sentence lists them: "A", "A and B", "A, B and C"."""
    everything = list(words)
    if len(everything) < 2:
        return "".join(everything)
    return t("list.last", before=t("list.comma").join(everything[:-1]), last=everything[-1])
