"""The JSON Schema that is shipped and the model that is run say the same."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import jsonschema
from harness.report_strategies import reports
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol.test_report import BAD_VALUES, GOOD, GOOD_VALUES, at

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.format.files import EVIDENCE_TYPES, MEDIA_TYPES, THUMBNAIL_TYPES
from picsafe_protocol.format.report import Report

SCHEMA = json.loads((resources.files("picsafe_protocol") / "format" / "schema" / "report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker(["date"]))


def model_accepts(value: object) -> bool:
    try:
        Report.from_json(value)
    except PicSafeError:
        return False
    return True


def schema_accepts(value: object) -> bool:
    return VALIDATOR.is_valid(value)  # type: ignore[no-any-return, unused-ignore]


def beyond_the_schema(value: object) -> bool:
    """What docs/format.md says that a schema cannot: calendars, halves of characters, and how a number is written."""
    return (
        value == "\ud800"
        or (isinstance(value, float) and (value.is_integer() or value != value))
        or (isinstance(value, str) and "02-30" in value)
    )


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_agrees_with_the_model_on_every_value() -> None:
    for path, value in GOOD_VALUES:
        VALIDATOR.validate(at(path, value))
    bad = [(path, value) for path, value in BAD_VALUES if not beyond_the_schema(value)]
    assert [(path, repr(value)[:40]) for path, value in bad if schema_accepts(at(path, value))] == []


@given(reports())
@settings(max_examples=50)
def test_any_report_is_valid(example: tuple[Report, dict[str, bytes]]) -> None:
    VALIDATOR.validate(json.loads(example[0].to_bytes()))


def places(value: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value inside `value`."""
    found = [way] if way else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        found += places(inner, (*way, step))
    return found


def values_of(name: str, value: Any) -> list[Any]:
    """Every value that stands under `name` anywhere inside `value`."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    here = [value[name]] if isinstance(value, dict) and name in value else []
    return here + [found for item in inner for found in values_of(name, item)]


@given(st.data())
@settings(max_examples=400)
def test_model_and_schema_agree_on_any_single_change(data: st.DataObject) -> None:
    changed: Any = copy.deepcopy(GOOD)
    way = data.draw(st.sampled_from(places(GOOD)))
    place = changed
    for step in way[:-1]:
        place = place[step]
    other = changed
    for step in data.draw(st.sampled_from(places(GOOD))):
        other = other[step]
    value = data.draw(
        st.sampled_from([None, True, 0, 1, -1, 0.5, 65_536, "", "x", "left", "given", [], {}, copy.deepcopy(other)])
    )
    if data.draw(st.booleans()):
        place[way[-1]] = value
    elif isinstance(place, dict):
        del place[way[-1]]
    paths = [str(path) for path in values_of("path", changed)]
    if len(set(paths)) == len(paths):  # that paths differ is beyond the schema
        assert model_accepts(changed) == schema_accepts(changed)


def test_types_and_limits_are_the_same_numbers_in_both() -> None:
    definitions = SCHEMA["$defs"]
    assert definitions["medium"]["properties"]["media_type"]["enum"] == list(MEDIA_TYPES)
    assert definitions["thumbnail"]["properties"]["media_type"]["enum"] == list(THUMBNAIL_TYPES)
    assert definitions["evidence"]["properties"]["media_type"]["enum"] == list(EVIDENCE_TYPES)
    extensions = {
        rule["if"]["properties"]["media_type"]["const"]: rule["then"]["properties"]["path"]["pattern"]
        for rule in definitions["extension"]["allOf"]
    }
    assert extensions == {name: r"\.(" + "|".join(MEDIA_TYPES[name]) + ")$" for name in MEDIA_TYPES}
    assert SCHEMA["properties"]["media"]["maxItems"] == limits.MEDIA_COUNT
    assert SCHEMA["properties"]["consent"]["maxItems"] == limits.CONSENT_RECORDS
    assert SCHEMA["properties"]["notes"]["maxLength"] == limits.NOTES_CHARACTERS
    assert definitions["medium"]["properties"]["size"]["maximum"] == limits.MEDIA_FILE_BYTES
    assert definitions["thumbnail"]["properties"]["size"]["maximum"] == limits.THUMBNAIL_BYTES
