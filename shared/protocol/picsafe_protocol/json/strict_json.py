"""JSON (RFC 8259) with exactly one reading: UTF-8, no duplicate names, no NaN, no lone surrogates, little nesting."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from picsafe_protocol.contracts.limits import JSON_NESTING

__all__ = ["NotStrictJson", "dump", "parse"]


class NotStrictJson(ValueError):
    """What is wrong with the text, as the end of a sentence that begins with "it"."""


def parse(data: bytes) -> Any:
    """The value that `data` holds. Raises `NotStrictJson`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStrictJson("is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise NotStrictJson("begins with a byte order mark")
    if text.count("{") + text.count("[") > JSON_NESTING:  # as many as that may be in strings, or side by side
        _check_nesting(text)
    try:
        value = _DECODER.decode(text)
        _check(value)
    except NotStrictJson:
        raise
    except ValueError:  # syntax, and integers longer than Python will convert
        raise NotStrictJson("is not JSON") from None
    return value


def dump(value: Any) -> bytes:
    """`value` as compact UTF-8 JSON, names in the order in which they stand."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


# A string, whole or broken off, or a bracket; possessive, so that no text makes it go back.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)


def _check_nesting(text: str) -> None:
    """Count brackets before `json` descends into them: in a browser, too deep a recursion ends the whole interpreter,
    not only the call.
    """
    depth = 0
    for token in _TOKEN.finditer(text):
        bracket = token[0]
        if bracket in "[{":
            depth += 1
            if depth > JSON_NESTING:
                raise NotStrictJson("is nested too deeply")
        elif bracket in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson("names a field twice")
    return found


def _constant(name: str) -> NoReturn:
    raise NotStrictJson(f"holds {name}, which is not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _check(value: Any) -> None:
    """Refuse values that `json` accepts but cannot write: lone surrogates, and numbers too large for a float."""
    if isinstance(value, str):
        if not _encodable(value):
            raise NotStrictJson("holds half a character")
    elif isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise NotStrictJson("holds a number that is too large")
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check(name)
            _check(item)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
