"""Writes and reads the messages of `contracts.api` as JSON. Reading is strict on types and tolerant of unknown fields.

An answer of another form is the server's fault, never a reason to stop for good: `InternalError`, which is tried
again later.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from picsafe_protocol.contracts.api.field_types import WHEN_ABSENT, WIRE_NAME
from picsafe_protocol.contracts.errors import InternalError

__all__ = ["read", "write"]

T = TypeVar("T")
Reader: TypeAlias = Callable[[Any], Any]

_SCALARS: Final = frozenset({str, int, bool})


class _Misfit(Exception):
    """A value is not what its type says. `path` leads to it, innermost name first."""

    def __init__(self) -> None:
        self.path: list[str] = []


def read(kind: type[T], answer: object) -> T:
    """`answer`, as `json` parsed it, as an object of `kind`, a class of `contracts.api`.

    Every field of `kind` must be there, unless its class says what a missing one means, and have its type. For a
    field of fixed words any text is accepted: a later server may have another word. Raises `InternalError`, which
    names the field and never repeats what it holds.
    """
    wanted: Any = kind
    try:
        message: T = _reader(wanted)(answer)
    except _Misfit as misfit:
        where = ".".join(reversed(misfit.path)).replace(".[", "[") or "it"
        raise InternalError(
            f"The server's answer cannot be understood: “{where}” is missing or not what it should be."
        ) from None
    return message


def write(request: Any) -> dict[str, Any]:
    """The body of `request`, an object of a class of `contracts.api.requests`, ready for `json`.

    Fields that hold their default are left out; bytes become base64.
    """
    return {
        each.name: _written(value)
        for each in fields(request)
        if (value := getattr(request, each.name)) != each.default or each.default is MISSING
    }


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return write(value) if is_dataclass(value) else value


@cache
def _reader(kind: Any) -> Reader:
    if is_dataclass(kind):
        return _message(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _checked(_reader(inner[0]), [check for check in inner[1:] if not isinstance(check, type)])
    if origin is Literal:
        return _scalar(str)
    if origin in (Union, UnionType) and len(inner) == 2 and NoneType in inner:
        return _nullable(_reader(next(each for each in inner if each is not NoneType)))
    if origin is list:
        return _list(_reader(inner[0]))
    if origin is dict and inner[0] is str:
        return _mapping(_reader(inner[1]))
    if kind in _SCALARS:
        return _scalar(kind)
    raise TypeError(f"{kind} is no type of a message")


def _message(kind: Any) -> Reader:
    types = get_type_hints(kind, include_extras=True)
    readers = [
        (
            each.name,
            each.metadata.get(WIRE_NAME, each.name),
            _reader(types[each.name]),
            each.metadata.get(WHEN_ABSENT, each.default),
        )
        for each in fields(kind)
    ]

    def read_message(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Misfit
        found = {}
        for name, wire_name, read_field, when_absent in readers:
            if when_absent is not MISSING and wire_name not in value:
                found[name] = when_absent
                continue
            try:
                found[name] = read_field(value.get(wire_name, MISSING))
            except _Misfit as misfit:
                misfit.path.append(wire_name)
                raise
        return kind(**found)

    return read_message


def _scalar(kind: type) -> Reader:
    def read_scalar(value: Any) -> Any:
        if type(value) is not kind:  # not isinstance: True is an int
            raise _Misfit
        return value

    return read_scalar


def _checked(read_value: Reader, checks: Iterable[Callable[[Any], bool]]) -> Reader:
    def read_checked(value: Any) -> Any:
        found = read_value(value)
        if not all(check(found) for check in checks):
            raise _Misfit
        return found

    return read_checked


def _nullable(read_value: Reader) -> Reader:
    return lambda value: None if value is None else read_value(value)


def _list(read_item: Reader) -> Reader:
    def read_list(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _Misfit
        return [_at(f"[{place}]", read_item, item) for place, item in enumerate(value)]

    return read_list


def _mapping(read_value: Reader) -> Reader:
    def read_mapping(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _Misfit
        return {name: _at(name, read_value, item) for name, item in value.items()}

    return read_mapping


def _at(place: str, read_value: Reader, value: Any) -> Any:
    try:
        return read_value(value)
    except _Misfit as misfit:
        misfit.path.append(place)
        raise
