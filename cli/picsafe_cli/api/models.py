"""What servers answer, checked: the few fields that this program uses, each of the type that it relies on.

An answer of another form is the server's fault, never a reason to stop for good: `InternalError`, which is tried again later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from picsafe_protocol.contracts.errors import InternalError
from picsafe_protocol.contracts.identifiers import is_identifier
from picsafe_protocol.format.expectations import Expectations

T = TypeVar("T")


@dataclass(frozen=True)
class Institution:
    """An enterprise account."""

    id: str
    name: str


@dataclass(frozen=True)
class Me:
    """Who the token belongs to; `server_time` is what the server's clock showed."""

    name: str
    email: str
    kind: str
    institution: Institution | None
    key_servers: tuple[str, ...]
    server_time: datetime | None = None

    @property
    def is_service(self) -> bool:
        """Whether this is a service account."""
        return self.kind == "service"


@dataclass(frozen=True)
class ReportSummary:
    """A report in the index; `size` of its package in bytes and what to expect of it, None when it was never sent completely.

    `state` is `available`, `expired`, `withdrawn` or `draft`; `expires_at` is when its time is over.
    """

    id: str
    size: int | None
    sender: str
    available_at: str
    cloud_url: str
    keyserver_url: str
    box: str
    expected: Expectations | None
    state: str = "available"
    expires_at: str = ""


@dataclass(frozen=True)
class Page:
    """Reports that are new. The next page begins at `cursor`."""

    reports: tuple[ReportSummary, ...]
    cursor: str
    more: bool


@dataclass(frozen=True)
class Grant:
    """A token for one action at the server `url`."""

    url: str
    token: str


@dataclass(frozen=True)
class Recipient:
    """Somebody to whom a report goes. `institution` is its name."""

    email: str
    name: str
    institution: str | None


@dataclass(frozen=True)
class InstitutionReaders:
    """An institution in which more than the recipients can open a report: every member, or its record system."""

    name: str
    members: bool
    record_systems: bool


@dataclass(frozen=True)
class Draft:
    """A report that has been begun."""

    report_id: str
    cloud: Grant
    keyserver: Grant
    recipients: tuple[Recipient, ...]
    readers: tuple[InstitutionReaders, ...]


@dataclass(frozen=True)
class Sent:
    """A report that has arrived."""

    id: str
    region: str
    expires_at: str


@dataclass(frozen=True)
class UploadState:
    """How far an upload is: the size of its parts in bytes, and the indices of those that are there."""

    part_size: int
    parts: frozenset[int]


def me(answer: Any) -> Me:
    """`GET /v1/me`."""
    institution = _field(answer, "institution", dict | None)
    return Me(
        name=_text(answer, "name"),
        email=_field(answer, "email", str | None) or "",
        kind=_text(answer, "kind"),
        institution=Institution(_identifier(institution, "id"), _text(institution, "name")) if institution else None,
        key_servers=tuple(_list(answer, "key_servers", _is_text)),
        server_time=_moment(answer, "server_time"),
    )


def listed(answer: Any) -> ReportSummary:
    """REPORT."""
    sender = _field(answer, "sender", dict)
    return ReportSummary(
        id=_identifier(answer, "id"),
        size=_field(answer, "size", int | None),
        sender=_text(sender, "email"),
        available_at=_field(answer, "available_at", str | None) or "",
        cloud_url=_text(answer, "cloud_url"),
        keyserver_url=_text(answer, "keyserver_url"),
        box=_text(answer, "box"),
        state=_text(answer, "state"),
        expires_at=_text(answer, "expires_at"),
        expected=None if answer["size"] is None else Expectations.of_row(answer),
    )


def page(answer: Any) -> Page:
    """`GET /v1/reports/new`."""
    reports = _list(answer, "reports", listed)
    return Page(tuple(reports), _text(answer, "cursor"), _field(answer, "more", bool))


def grant(answer: Any) -> Grant:
    """`POST /v1/reports/{id}/grants`, and the two in `POST /v1/reports`."""
    return Grant(_text(answer, "url"), _text(answer, "grant"))


def draft(answer: Any) -> Draft:
    """`POST /v1/reports`."""
    return Draft(
        _identifier(answer, "report_id"),
        grant(_field(answer, "cloud", dict)),
        grant(_field(answer, "keyserver", dict)),
        tuple(_list(answer, "recipients", _recipient)),
        tuple(_list(answer, "institutions", _readers)),
    )


def _recipient(answer: Any) -> Recipient:
    return Recipient(_text(answer, "email"), _text(answer, "name"), _field(answer, "institution", str | None))


def _readers(answer: Any) -> InstitutionReaders:
    return InstitutionReaders(
        _text(answer, "name"), _field(answer, "members", bool), _field(answer, "record_systems", bool)
    )


def sent(answer: Any) -> Sent:
    """`POST /v1/reports/{id}/receipt`."""
    return Sent(_identifier(answer, "id"), _text(answer, "region"), _text(answer, "expires_at"))


def upload_state(answer: Any) -> UploadState:
    """`POST /v1/uploads/{report_id}`."""
    part_size = _field(answer, "part_size", int)
    if part_size < 1:
        raise _wrong("part_size")
    return UploadState(part_size, frozenset(_list(answer, "parts", _is_number)))


def text(answer: Any, name: str) -> str:
    """One field that is text."""
    return _text(answer, name)


def _field(answer: Any, name: str, kind: Any) -> Any:
    if not isinstance(answer, Mapping) or name not in answer:
        raise _wrong(name)
    value = answer[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _wrong(name)
    return value


def _text(answer: Any, name: str) -> str:
    value: str = _field(answer, name, str)
    return value


def _moment(answer: Any, name: str) -> datetime | None:
    """A time, which older servers do not send."""
    if not isinstance(answer, Mapping) or answer.get(name) is None:
        return None
    try:
        found = datetime.fromisoformat(_text(answer, name))
    except ValueError:
        raise _wrong(name) from None
    if found.tzinfo is None:
        raise _wrong(name)
    return found


def _identifier(answer: Any, name: str) -> str:
    value = _text(answer, name)
    if not is_identifier(value):  # it becomes the name of a folder
        raise _wrong(name)
    return value


def _list(answer: Any, name: str, read: Callable[[Any], T]) -> list[T]:
    return [read(item) for item in _field(answer, name, list)]


def _is_text(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong("key_servers")
    return value


def _is_number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong("parts")
    return value


def _wrong(name: str) -> InternalError:
    return InternalError(f"The server's answer makes no sense: “{name}” is missing or not what it should be.")
