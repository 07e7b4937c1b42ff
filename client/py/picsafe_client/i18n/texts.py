"""Every text of the page, from one catalogue, in the person's language; formats dates, sizes and lists.

The texts are in client/texts/, a TOML file for each area of the page in each language. A key is ``area.thing``; a text
has its values in braces, as ``str.format`` does. A text that depends on a number has a form for each plural category:
``{"one": "1 file", "other": "{count} files"}`` is chosen by the value `count`. A key that does not exist raises
`KeyError`: a test reads the whole client for keys and finds it before a person does.

js/i18n.js chooses the language before anything is painted and says so in ``<html lang>``; this module reads it there.
The words of index.html and of sign-in.js come from the same catalogue: see `template`.

Dates and numbers are shown in the person's own locale and time zone by the browser; outside one (tests, the build) in
British English and UTC.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, cmp_to_key
from typing import Any, Final, TypeAlias

from picsafe_client.i18n.catalogue import CATALOGUE, LANGUAGES, SOURCE, Language
from picsafe_client.interop import js_object
from picsafe_protocol.contracts.regions import COUNTRIES

When: TypeAlias = datetime | str
"""A moment: a datetime with its zone, or RFC 3339 text as the servers send it."""

IN_BROWSER: Final = sys.platform == "emscripten"
MINUTE, HOUR, DAY = 60, 3600, 86400
_UNITS: Final = (("gb", 1_000_000_000), ("mb", 1_000_000), ("kb", 1_000))


class Phrase(str):
    """A sentence of the catalogue: what the page itself says, as opposed to what a server sent."""

    __slots__ = ()


def t(key: str, **values: Any) -> str:
    """The text of `key` with `values` filled in; `count` chooses the plural form and is itself filled in."""
    spoken = language()
    text = spoken.texts[key]
    if not isinstance(text, str):
        text = text[spoken.plural(values["count"])]
    return text.format(**values) if values else text


def has_text(key: str) -> bool:
    """Whether there is a text of this key, for keys that are made of what a server or a file says."""
    return key in CATALOGUE


def language() -> Language:
    """The language that the page is in."""
    return LANGUAGES.get(locale().partition("-")[0], LANGUAGES[SOURCE])


@cache
def locale() -> str:
    """The locale for dates and numbers, and by its beginning the language: what js/i18n.js has chosen. `reload_locale`
    after that.
    """
    if IN_BROWSER:
        import js

        return str(js.document.documentElement.lang)
    return LANGUAGES[SOURCE].locale


def reload_locale() -> None:
    """Reads the locale again, after another language was chosen."""
    locale.cache_clear()
    _intl.cache_clear()


def parse_datetime(when: When) -> datetime:
    """`when` as a datetime with a zone."""
    return datetime.fromisoformat(when) if isinstance(when, str) else when


def date(when: When) -> str:
    """A day, unambiguous: 22 Nov 2026."""
    return _formatted(parse_datetime(when), {"day": "numeric", "month": "short", "year": "numeric"}, "%-d %b %Y")


def moment(when: When) -> str:
    """A day with its time: 22 Nov 2026, 10:15."""
    style = {"day": "numeric", "month": "short", "year": "numeric", "hour": "2-digit", "minute": "2-digit"}
    return _formatted(parse_datetime(when), style, "%-d %b %Y, %H:%M")


def clock_time(when: When) -> str:
    """The time of day: 10:15."""
    return _formatted(parse_datetime(when), {"hour": "2-digit", "minute": "2-digit"}, "%H:%M")


def day_and_month(when: When) -> str:
    """A day of this year: 29 November."""
    return _formatted(parse_datetime(when), {"day": "numeric", "month": "long"}, "%-d %B")


def birth_date(text: str) -> str:
    """A date of birth, ``1970-01-31``, which has no time and so no zone: 31 Jan 1970."""
    style = {"day": "numeric", "month": "short", "year": "numeric", "timeZone": "UTC"}
    return _formatted(datetime.fromisoformat(text).replace(tzinfo=UTC), style, "%-d %b %Y")


def _formatted(when: datetime, style: Mapping[str, str], fallback: str) -> str:
    if not IN_BROWSER:
        return when.astimezone(UTC).strftime(fallback)
    import js

    return str(_intl("DateTimeFormat", tuple(style.items())).format(js.Date.new(when.timestamp() * 1000)))


def ago(when: When, now: datetime) -> str:
    """How long ago, in words a glance takes in: "just now", "5 min ago", "3 days ago", then the date."""
    seconds = (now - parse_datetime(when)).total_seconds()
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
    """How long something is still kept: "7 days left" throughout the first of seven days, "47 h left", "5 min left",
    "expired".
    """
    seconds = (parse_datetime(until) - now).total_seconds()
    if seconds <= 0:
        return t("time.over")
    if seconds < HOUR:
        return t("time.minutes_left", count=max(1, int(seconds // MINUTE)))
    if seconds <= 2 * DAY:  # days that have begun count as days, which would promise too much towards the end
        return t("time.hours_left", count=int(seconds // HOUR))
    return t("time.days_left", count=math.ceil(seconds / DAY))


def size(length: int) -> str:
    """A number of bytes in decimal units, as computers and phones show files: 640 bytes, 3.4 MB, 1.2 GB."""
    for unit, worth in _UNITS:
        if length >= worth:
            value = length / worth
            return t(f"size.{unit}", number=number(value, 1 if value < 99.5 and unit != "kb" else 0))
    return t("size.bytes", count=length)


def number(value: float, decimals: int = 0) -> str:
    """A number with the decimal mark and the grouping of the locale; 3.0 is written 3."""
    text = f"{value:,.{decimals}f}"
    if decimals and text.endswith("." + "0" * decimals):
        text, decimals = text.partition(".")[0], 0
    if IN_BROWSER:
        places = (("minimumFractionDigits", decimals), ("maximumFractionDigits", decimals))
        return str(_intl("NumberFormat", places).format(float(text.replace(",", ""))))
    return text


def country(code: str) -> str:
    """The name of a country (ISO 3166, two letters) in the person's language."""
    if IN_BROWSER:
        return str(_intl("DisplayNames", (("type", "region"),)).of(code))
    return COUNTRIES.get(code, code)


def in_order(words: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs sorted by their second word, as a dictionary of the person's language would."""
    if not IN_BROWSER:
        return sorted(words, key=lambda each: each[1])
    collator = _intl("Collator", ())

    def compared(one: tuple[str, str], other: tuple[str, str]) -> int:
        return int(collator.compare(one[1], other[1]))

    return sorted(words, key=cmp_to_key(compared))


@cache
def _intl(kind: str, options: tuple[tuple[str, Any], ...]) -> Any:
    """One of the browser's own formatters for the person's locale."""
    import js

    return getattr(js.Intl, kind).new(locale(), js_object(dict(options)))


def duration(seconds: float) -> str:
    """The length of a video or a sound: 0:07, 12:05, 1:02:03."""
    whole = round(seconds)
    hours, minutes, rest = whole // HOUR, whole % HOUR // MINUTE, whole % MINUTE
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def join_words(words: Iterable[str]) -> str:
    """Words as a sentence lists them: "A", "A and B", "A, B and C"."""
    everything = list(words)
    if len(everything) < 2:
        return "".join(everything)
    return t("list.last", before=t("list.comma").join(everything[:-1]), last=everything[-1])


def noun(text: str) -> str:
    """A noun that stands alone elsewhere ("Treatment"), as it is written within a sentence: "for treatment", "für
    Behandlung".
    """
    return text if language().capital_nouns else text[:1].lower() + text[1:]
