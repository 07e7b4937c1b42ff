"""Reads JSON objects field by field; errors name the path of a field that is missing, of the wrong type, too long or
unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, Final, TypeVar

from picsafe_protocol.contracts.errors import ReportInvalid, UnsupportedVersion
from picsafe_protocol.json.timestamps import is_date, is_time, is_utc_time

__all__ = ["JsonObject"]

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

# Neither control characters nor halves of characters; `_LINES` allows tab and line feed.
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*")
_LINES: Final = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_EMAIL: Final = re.compile(
    r"[^@\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+@[^@\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+"
)


class JsonObject:
    """The fields of one JSON object at `path`, such as `media[3].thumbnail`. Read every field, then call `end`.

    Every method raises `ReportInvalid` with the path of the field; it never repeats what the field holds. `version` raises
    `UnsupportedVersion` as well.
    """

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise invalid(path, "is not an object")
        self._value: dict[str, Any] = value
        self._path = path
        self._read: set[str] = set()

    def end(self) -> None:
        """Refuse fields that nobody has read."""
        unknown = sorted(set(self._value) - self._read)
        if unknown:
            raise invalid(self._path, "holds a field that the format does not have")

    def path(self, name: str) -> str:
        """The path of a field."""
        return f"{self._path}.{name}" if self._path else name

    def invalid(self, name: str, problem: str) -> ReportInvalid:
        """The error for a field that breaks a rule of its own."""
        return invalid(self.path(name), problem)

    def constant(self, name: str, expected: object) -> None:
        """The field must hold exactly this."""
        value = self.any(name)
        if type(value) is not type(expected) or value != expected:
            raise self.invalid(name, f"is not {expected!r}")

    def version(self, name: str, expected: int) -> None:
        """The field must hold this version; `UnsupportedVersion` for a later one, whose other fields may be others."""
        value = self.any(name)
        if type(value) is int and value > expected:
            raise UnsupportedVersion(version=value)
        self.constant(name, expected)

    def any(self, name: str) -> Any:
        """The field, whatever it is."""
        self._read.add(name)
        if name not in self._value:
            raise self.invalid(name, "is missing")
        return self._value[name]

    def optional(self, name: str, read: Callable[[], T]) -> T | None:
        """`null`, or what `read` makes of the field."""
        return None if self.any(name) is None else read()

    def line(self, name: str, maximum: int, minimum: int = 0) -> str:
        """Text on one line, of `minimum` to `maximum` characters."""
        return self._text(name, _LINE, maximum, minimum)

    def lines(self, name: str, maximum: int) -> str:
        """Text on any number of lines."""
        return self._text(name, _LINES, maximum, 0)

    def email(self, name: str, maximum: int) -> str:
        """An e-mail address."""
        return self._text(name, _EMAIL, maximum, 3)

    def sha256(self, name: str) -> str:
        """A SHA-256 in lower-case hex."""
        return self._text(name, _SHA256, 64, 64)

    def time(self, name: str) -> str:
        """A time with an offset, `2026-11-22T10:15:00+10:00`."""
        return self._checked(name, is_time, "is not a time such as 2026-11-22T10:15:00+10:00")

    def utc_time(self, name: str) -> str:
        """A time in UTC, `2026-11-22T10:15:00Z`."""
        return self._checked(name, is_utc_time, "is not a time in UTC such as 2026-11-22T10:15:00Z")

    def date(self, name: str) -> str:
        """A day, `1970-01-31`."""
        return self._checked(name, is_date, "is not a day such as 1970-01-31")

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        """Text of a given form."""
        return self._checked(name, lambda text: pattern.fullmatch(text) is not None, "does not have the right form")

    def integer(self, name: str, minimum: int, maximum: int) -> int:
        """A whole number from `minimum` to `maximum`."""
        value = self.any(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.invalid(name, "is not a whole number")
        if not minimum <= value <= maximum:
            raise self.invalid(name, f"is not between {minimum} and {maximum}")
        return value

    def number(self, name: str, minimum: float, maximum: float) -> float:
        """A number from `minimum` to `maximum`."""
        value = self.any(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.invalid(name, "is not a number")
        if not minimum <= value <= maximum:
            raise self.invalid(name, f"is not between {minimum} and {maximum}")
        return value

    def boolean(self, name: str) -> bool:
        """True or false."""
        value = self.any(name)
        if not isinstance(value, bool):
            raise self.invalid(name, "is neither true nor false")
        return value

    def choice(self, name: str, kind: type[E]) -> E:
        """One of the values of an enumeration."""
        value = self.any(name)
        if not isinstance(value, str) or value not in {member.value for member in kind}:
            raise self.invalid(name, "is not one of " + ", ".join(str(member.value) for member in kind))
        return kind(value)

    def object(self, name: str) -> JsonObject:
        """An object inside this one."""
        return JsonObject(self.any(name), self.path(name))

    def objects(self, name: str, minimum: int, maximum: int) -> list[JsonObject]:
        """A list of `minimum` to `maximum` objects."""
        value = self.any(name)
        if not isinstance(value, list):
            raise self.invalid(name, "is not a list")
        if not minimum <= len(value) <= maximum:
            raise self.invalid(name, f"does not have {minimum} to {maximum} entries")
        return [JsonObject(item, f"{self.path(name)}[{index}]") for index, item in enumerate(value)]

    def _string(self, name: str) -> str:
        value = self.any(name)
        if not isinstance(value, str):
            raise self.invalid(name, "is not text")
        return value

    def _checked(self, name: str, check: Callable[[str], bool], problem: str) -> str:
        value = self._string(name)
        if not check(value):
            raise self.invalid(name, problem)
        return value

    def _text(self, name: str, pattern: re.Pattern[str], maximum: int, minimum: int) -> str:
        value = self._string(name)
        if not minimum <= len(value) <= maximum:
            raise self.invalid(name, f"does not have {minimum} to {maximum} characters")
        if pattern.fullmatch(value) is None:
            raise self.invalid(name, "does not have the right form")
        return value


def invalid(path: str, problem: str) -> ReportInvalid:
    """The error that says what is wrong where."""
    where = f"“{path}”" if path else "it"
    return ReportInvalid(f"The description inside this report is not valid: {where} {problem}.", path=path)
