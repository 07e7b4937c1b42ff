"""The messages of the HTTP interface: what a server writes, the page and the command read, and nothing else passes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from picsafe_protocol.contracts.api import accounts, institutions, keys, reports, requests, uploads
from picsafe_protocol.contracts.api.field_types import WHEN_ABSENT, WIRE_NAME, Identifier, Moment
from picsafe_protocol.contracts.errors import InternalError
from picsafe_protocol.json.messages import read, write
from picsafe_server.app import create_app
from picsafe_server.http.messages import RequestBody, written
from picsafe_server.settings import Settings

MESSAGES = [
    getattr(module, name)
    for module in (accounts, institutions, keys, reports, uploads)
    for name in module.__all__
    if dataclasses.is_dataclass(getattr(module, name))
]
REQUESTS = [getattr(requests, name) for name in requests.__all__]
SCHEMA_NAMES = {"LogPage": "Page"}
"""Where the OpenAPI document has another name."""
NO_ANSWER = {"RemovedReport"}
"""Live events, which the OpenAPI document does not describe field by field."""
SECRET = "what nobody may repeat"


def sample(kind: Any, *, full: bool = True) -> Any:
    """A value of a type of a field; with `full` False, null wherever that is possible, and empty lists."""
    if kind is Identifier:
        return "a" * 26
    if kind is Moment:
        return "2026-11-22T00:15:30Z"
    if dataclasses.is_dataclass(kind):
        types = get_type_hints(kind, include_extras=True)
        values = {each.name: sample(types[each.name], full=full) for each in dataclasses.fields(kind)}
        make: Any = kind
        return make(**values)
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return inner[0]
    if type(None) in inner:
        return sample(inner[0], full=full) if full else None
    if get_origin(kind) is list:
        return [sample(inner[0])] * 2 if full else []
    if get_origin(kind) is dict:
        return {"au": sample(inner[1])} if full else {}
    if hasattr(kind, "__metadata__"):
        return sample(kind.__origin__, full=full)
    return {str: "text", int: 7, bool: True}[kind]


def encoded(message: Any) -> Any:
    """The message as a server writes it, parsed."""
    return json.loads(msgspec.json.encode(written(message)))


def wire_name(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get(WIRE_NAME, field.name))


@pytest.mark.parametrize("full", [True, False], ids=["full", "sparse"])
@pytest.mark.parametrize("kind", MESSAGES)
def test_what_a_server_writes_is_read_as_it_was(kind: Any, full: bool) -> None:
    message = sample(kind, full=full)
    assert read(kind, encoded(message)) == message


def test_an_entry_of_the_log_is_read_as_the_key_server_writes_it() -> None:
    values: dict[str, Any] = {
        "index": 3, "time": "2026-11-22T00:15:30Z", "result_code": "ok", "report_id": "r", "key_id": "k",
        "who": sample(keys.Who), "address": "203.0.113.7", "reason": "ward round", "erased_at": "later", "erased_by": 4,
    }  # fmt: skip
    page = keys.LogPage([keys.LogEntry(event="released", **values)], 9)
    answer = encoded(page)
    assert answer["entries"][0]["from"] == "203.0.113.7"
    assert "address" not in answer["entries"][0]
    assert read(keys.LogPage, answer) == page


@pytest.mark.parametrize("token", ["a token", None])
def test_a_session_is_read_as_the_user_server_writes_it(token: str | None) -> None:
    begun = accounts.SessionBegun(sample(accounts.Me), "2026-11-22T00:15:30Z", token)
    answer = encoded(begun)
    assert ("token" in answer) is (token is not None)
    assert read(accounts.SessionBegun, answer) == begun


def test_every_message_is_what_the_openapi_document_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = create_app(Settings(data=tmp_path_factory.mktemp("data"), roles=("users", "cloud", "keys")))
    schemas = app.openapi_schema.to_schema()["components"]["schemas"]
    for kind in MESSAGES + REQUESTS:
        if kind.__name__ in NO_ANSWER:
            continue
        schema = schemas[SCHEMA_NAMES.get(kind.__name__, kind.__name__)]
        assert list(schema["properties"]) == [wire_name(each) for each in dataclasses.fields(kind)], kind
        required = {wire_name(each) for each in dataclasses.fields(kind) if each.default is dataclasses.MISSING}
        assert set(schema["required"]) == required, kind


def every_field() -> Iterator[Any]:
    for kind in MESSAGES:
        for each in dataclasses.fields(kind):
            yield pytest.param(kind, each, id=f"{kind.__name__}.{each.name}")


def as_json(kind: Any) -> dict[str, Any]:
    answer: dict[str, Any] = encoded(sample(kind))
    return answer


@pytest.mark.parametrize(("kind", "field"), list(every_field()))
def test_a_field_that_is_missing_or_of_another_type_is_named_and_not_repeated(kind: Any, field: Any) -> None:
    name, answer = wire_name(field), as_json(kind)
    assert read(kind, answer | {"unknown": 1}) == read(kind, answer)
    without = {key: value for key, value in answer.items() if key != name}
    if WHEN_ABSENT in field.metadata or field.default is not dataclasses.MISSING:
        read(kind, without)
    else:
        with pytest.raises(InternalError, match=f"“{name}” is missing"):
            read(kind, without)
    wrong = 3.5 if isinstance(answer[name], str) else SECRET
    for value in (wrong, {"secret": SECRET, "x": 3.5}, [SECRET, 3.5]):
        with pytest.raises(InternalError, match=f"“{name}") as caught:
            read(kind, answer | {name: value})
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize("answer", [None, 7, "text", [], True], ids=repr)
def test_an_answer_that_is_no_object_is_refused(answer: Any) -> None:
    with pytest.raises(InternalError):
        read(accounts.Me, answer)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"reports": [as_json(reports.ReportView), {}]}, "reports[1].id"),
        ({"reports": [as_json(reports.ReportView) | {"size": True}]}, "reports[0].size"),
        ({"reports": [as_json(reports.ReportView) | {"id": "../x"}]}, "reports[0].id"),
        ({"reports": {}}, "reports"),
    ],
)
def test_the_place_of_what_is_wrong_is_named(change: Any, where: str) -> None:
    with pytest.raises(InternalError) as caught:
        read(reports.ReportPage, {"reports": [], "next": None} | change)
    assert f"“{where}”" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (accounts.Me, {"server_time": "yesterday"}),
        (accounts.Me, {"server_time": "2026-11-22T00:15:30"}),
        (accounts.Me, {"clouds": {"au": 7}}),
        (uploads.UploadState, {"part_size": 0}),
        (uploads.UploadState, {"parts": [True]}),
        (reports.ReportBegun, {"report_id": "A" * 26}),
    ],
)
def test_a_value_that_cannot_be_is_refused(kind: Any, change: Any) -> None:
    with pytest.raises(InternalError):
        read(kind, as_json(kind) | change)


def test_a_word_that_a_later_server_has_is_read() -> None:
    assert "archived" in repr(read(reports.ReportView, as_json(reports.ReportView) | {"state": "archived"}))


def test_keys_do_not_show() -> None:
    for kind in (keys.ReleasedKey, keys.IssuedKey):
        assert SECRET not in repr(read(kind, as_json(kind) | {"key": SECRET}))


def sample_request(kind: Any, *, full: bool) -> Any:
    """A request that a server accepts; with `full` False, without the fields that may be left out."""
    words = {
        "country": "AU", "report_id": "a" * 26, "sha256": "ab" * 32, "digest": "cd" * 32, "recipients": ["a@b.example"],
        "key_servers": ["https://keys.example"], "size": 7, "retention_days": 3, "idle_lock_minutes": 2, "disabled": False,
        "pieces": b"\x00\xff", "label": b"\x00\xff", "report_ids": ["a" * 26], "transport": "token", "role": "administrator",
        "members_may_open": "members", "labels": "none", "action": "key.create", "mark": "filed", "value": False,
    }  # fmt: skip
    values = {
        each.name: sample_request(requests.SentPackage, full=full)
        if each.name == "package"
        else words.get(each.name, "text")
        for each in dataclasses.fields(kind)
        if full or each.default is dataclasses.MISSING
    }
    return kind(**values)


def server_class(kind: Any) -> Any:
    """The class into which a server reads the body."""
    annotation: Any = RequestBody
    return get_args(annotation[kind])[0]


@pytest.mark.parametrize("full", [True, False], ids=["full", "sparse"])
@pytest.mark.parametrize("kind", REQUESTS)
def test_a_server_reads_a_request_as_it_was_written(kind: Any, full: bool) -> None:
    request = sample_request(kind, full=full)
    arrived = msgspec.json.decode(json.dumps(write(request)), type=server_class(kind))
    for each in dataclasses.fields(kind):
        sent, value = getattr(request, each.name), getattr(arrived, each.name)
        if each.name == "package" and sent is not None:
            value = requests.SentPackage(size=value.size, sha256=value.sha256, digest=value.digest)
        assert value == sent, each.name


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_with_an_unknown_field_is_refused(kind: Any) -> None:
    body = write(sample_request(kind, full=True)) | {"unknown": 1}
    with pytest.raises(msgspec.ValidationError, match="unknown field `unknown`"):
        msgspec.convert(body, server_class(kind))


@pytest.mark.parametrize("kind", REQUESTS)
def test_no_field_of_a_request_is_null(kind: Any) -> None:
    body = write(sample_request(kind, full=True))
    for each in dataclasses.fields(kind):
        with pytest.raises(msgspec.ValidationError, match=f"`null` - at `\\$.{each.name}`"):
            msgspec.convert(body | {each.name: None}, server_class(kind))


def test_the_rules_of_a_field_hold() -> None:
    body = write(sample_request(requests.ReleaseRequest, full=True))
    for change in ({"reason": "a\x00b"}, {"reason": "a" * 501}, {"report_id": "A" * 26}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(body | change, server_class(requests.ReleaseRequest))
