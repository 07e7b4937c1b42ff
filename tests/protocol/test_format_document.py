"""`docs/format.md` says what the code does: its examples are computed, its rules and fields complete."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from harness.documents import format_document
from harness.documents.format_document import DOCUMENT, HEADER, KEY, filled

from picsafe_protocol.contracts import limits
from picsafe_protocol.crypto.aes_gcm import AesGcm
from picsafe_protocol.crypto.buffers import BYTES, BytesSource
from picsafe_protocol.format import package, payload, strict_zip
from picsafe_protocol.format.package import read_package
from picsafe_protocol.format.payload import Payload
from picsafe_protocol.format.report import Report

PAGE = DOCUMENT.read_text("utf-8")


def test_what_the_code_writes_into_the_page_is_there() -> None:
    assert filled(PAGE) == PAGE, "run .venv/bin/python tests/harness/documents/format_document.py"


@pytest.mark.parametrize("rule", [*strict_zip.RULES, *package.RULES, *payload.RULES])
def test_every_rule_is_named(rule: str) -> None:
    assert f"| `{rule}` |" in PAGE


def fields_of(schema: dict[str, object]) -> set[str]:
    """Every name that the JSON Schema gives to a field."""
    found: set[str] = set()
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            found |= set(value)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                found |= fields_of(inner)
    return found


def test_every_field_is_described() -> None:
    from protocol.test_report_schema import SCHEMA

    named = {part for cell in re.findall(r"`([a-z_.0-9]+)`", PAGE) for part in cell.split(".")}
    assert fields_of(SCHEMA) <= named
    assert set(json.loads(HEADER.to_bytes())) <= named


def test_the_numbers_of_the_page_are_the_limits() -> None:
    assert f"at most {limits.PAYLOAD_MEMBERS} members" in PAGE
    assert f"at most {limits.URL_CHARACTERS} characters" in PAGE
    assert f"list of 1 to {limits.MEDIA_COUNT} media" in PAGE
    assert f"list of up to {limits.CONSENT_RECORDS} [consent records]" in PAGE


def bytes_after(title: str, page: str) -> bytes:
    """The hex lines below a line of the example."""
    block = page.split(f"{title}\n", 1)[1]
    lines = re.match(r"(?:[0-9a-f]+\n)+", block)
    assert lines is not None
    return bytes.fromhex(lines[0].replace("\n", ""))


@pytest.mark.anyio
async def test_a_stranger_who_follows_the_page_gets_a_package_that_opens() -> None:
    """Nothing but what the page prints, put together by hand."""
    prefix, suffix = (bytes_after(f"{place} package.encrypted:", PAGE) for place in ("before", "behind"))
    printed = re.search(r"```json\n(.*)\n```", PAGE)
    assert printed is not None
    inside = payload.build_payload(Report.from_bytes(printed[1].encode()), {"media/001.jpg": format_document.PHOTO})
    from picsafe_protocol.crypto.chunked import encrypt

    data = prefix + encrypt(KEY, inside, HEADER.to_bytes(), salt=format_document.SALT) + suffix
    assert f"SHA-256 {hashlib.sha256(data).hexdigest()}" in PAGE
    opened = await read_package(BytesSource(data), BYTES)
    found = await Payload.read(await opened.open(KEY, AesGcm()), opened.header.report_id)
    assert await found.file("media/001.jpg") == format_document.PHOTO
