"""Reads and writes the messages of `picsafe_protocol.contracts.api`.

msgspec writes their dataclasses as they are. A request body needs rules, refuses unknown fields, and tells a field that
is left out from null. An answer may have a field that is a keyword of Python, or that is left out. For these, msgspec
gets classes made here from the dataclasses: a route names the dataclass, and the type checker knows no other.
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from picsafe_protocol.contracts.api.field_types import WIRE_NAME, Rule

__all__ = ["RequestBody", "Written", "written"]

T = TypeVar("T")

_SCHEMA_NAMES: Final = {"LogPage": "Page"}
"""Where the OpenAPI document has another name."""

if TYPE_CHECKING:
    RequestBody: TypeAlias = JSONBody[T]
    """The annotation of a route's `data`. A field whose default is None may be left out, and is refused as null."""
    Written: TypeAlias = Annotated[T, "as `written` makes it"]
    """The annotation of what a route returns, where it returns `written(answer)`."""
else:

    class RequestBody:
        def __class_getitem__(cls, kind: type) -> Any:
            return JSONBody[_request(kind)]

    class Written:
        def __class_getitem__(cls, kind: type) -> Any:
            return _answer(kind)


def written(answer: T) -> T:
    """`answer` for a route whose return type is `Written`: fields under their names in JSON, and those that hold their
    default left out.
    """
    form: T = _as_struct(answer)
    return form


def _as_struct(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_struct(item) for item in value]
    kind: Any = type(value)
    if _is_message(kind) and _has_own_form(kind):
        return _answer(kind)(*[_as_struct(getattr(value, each.name)) for each in dataclasses.fields(kind)])
    return value


@cache
def _request(kind: Any) -> type[msgspec.Struct]:
    hints = get_type_hints(kind, include_extras=True)
    members: list[Any] = []
    optional = []
    for each in dataclasses.fields(kind):
        if each.default is dataclasses.MISSING:
            members.append((each.name, _request_type(hints[each.name])))
        elif each.default is None:
            (given,) = (inner for inner in get_args(hints[each.name]) if inner is not NoneType)
            members.append((each.name, _request_type(given) | UnsetType, UNSET))
            optional.append(each.name)
        else:
            members.append((each.name, _request_type(hints[each.name]), each.default))

    def none_where_left_out(body: Any) -> None:
        for name in optional:
            if getattr(body, name) is UNSET:
                setattr(body, name, None)

    namespace = {"__doc__": kind.__doc__} | ({"__post_init__": none_where_left_out} if optional else {})
    return msgspec.defstruct(
        kind.__name__, members, namespace=namespace, module=kind.__module__, kw_only=True, forbid_unknown_fields=True
    )


def _request_type(kind: Any) -> Any:
    if _is_message(kind):
        return _request(kind)
    if get_origin(kind) is list:
        return GenericAlias(list, (_request_type(get_args(kind)[0]),))
    if get_origin(kind) is Annotated:
        inner, *rules = get_args(kind)
        metas = [Meta(**_stated(rule)) for rule in rules if isinstance(rule, Rule)]
        return Annotated.__class_getitem__((_request_type(inner), *metas))
    return kind


def _stated(rule: Rule) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(rule).items() if value is not None}


@cache
def _answer(kind: Any) -> type[msgspec.Struct]:
    hints = get_type_hints(kind, include_extras=True)
    members: list[Any] = []
    for each in dataclasses.fields(kind):
        default = {} if each.default is dataclasses.MISSING else {"default": each.default}
        name = each.metadata.get(WIRE_NAME, each.name)
        members.append((each.name, _answer_type(hints[each.name]), msgspec.field(name=name, **default)))
    return msgspec.defstruct(
        _SCHEMA_NAMES.get(kind.__name__, kind.__name__),
        members,
        namespace={"__doc__": kind.__doc__},
        module=kind.__module__,
        omit_defaults=True,
    )


def _answer_type(kind: Any) -> Any:
    if _is_message(kind):
        return _answer(kind) if _has_own_form(kind) else kind
    if get_origin(kind) is list:
        return GenericAlias(list, (_answer_type(get_args(kind)[0]),))
    if get_origin(kind) is Annotated:
        return next((each for each in get_args(kind)[1:] if _is_enumeration(each)), get_args(kind)[0])
    return kind


def _is_enumeration(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


@cache
def _has_own_form(kind: Any) -> bool:
    """Whether msgspec would write `kind`, or a message within it, otherwise than the contract says."""
    return any(
        WIRE_NAME in each.metadata or each.default is not dataclasses.MISSING for each in dataclasses.fields(kind)
    ) or any(_has_own_form(inner) for hint in get_type_hints(kind).values() for inner in _messages_in(hint))


def _is_message(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind)


def _messages_in(hint: Any) -> list[Any]:
    if _is_message(hint):
        return [hint]
    if get_origin(hint) in (list, dict, Union, UnionType):
        return [found for inner in get_args(hint) for found in _messages_in(inner)]
    return []
