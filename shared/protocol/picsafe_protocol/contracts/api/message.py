"""The decorator of all messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

__all__ = ["message"]

T = TypeVar("T")


@overload
def message(kind: type[T], /) -> type[T]: ...


@overload
def message(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def message(kind: Any = None, /, *, kw_only: bool = False) -> Any:
    """A dataclass that is frozen for the type checker.

    Its code is small, because every start of the page fetches that of all messages: one function compares them, one
    shows them, and nothing prevents a change at run time.
    """

    def decorate(undecorated: Any) -> Any:
        made: Any = dataclass(eq=False, repr=False, match_args=False, slots=True, kw_only=kw_only)(undecorated)
        made.__eq__ = _equal
        made.__repr__ = _shown
        made.__hash__ = None
        return made

    return decorate if kind is None else decorate(kind)


def _equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    return all(getattr(one, each.name) == getattr(other, each.name) for each in fields(one))


def _shown(one: Any) -> str:
    shown = (f"{each.name}={getattr(one, each.name)!r}" for each in fields(one) if each.repr)
    return f"{type(one).__name__}({', '.join(shown)})"
