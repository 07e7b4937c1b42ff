"""Every limit is explained, listed in `docs/limits.md`, and a number that makes sense beside the others."""

from __future__ import annotations

import importlib

import pytest
from harness.documents.limits_document import DOCUMENT, MODULES, UNITS, document, limits_of

from picsafe_protocol.contracts import limits


def test_the_page_says_what_the_code_says() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run .venv/bin/python tests/harness/documents/limits_document.py"


@pytest.mark.parametrize("name", MODULES)
def test_every_limit_is_explained_and_listed(name: str) -> None:
    module = importlib.import_module(name)
    listed = {item for names, _ in limits_of(module) for item in names}
    assert listed == {item for item in vars(module) if item.isupper()} - UNITS
    page = DOCUMENT.read_text("utf-8")
    assert all(f"`{item}`" in page for item in listed)


def test_every_limit_is_a_whole_number_above_zero() -> None:
    values = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert all(type(value) is int and value > 0 for value in values.values())


def test_the_limits_fit_one_another() -> None:
    assert limits.PACKAGE_BYTES == 2**32 - 1
    assert limits.MEDIA_FILE_BYTES + limits.REPORT_JSON_BYTES + limits.HEADER_BYTES < limits.PACKAGE_BYTES
    assert limits.MEDIA_COUNT <= 999, "paths of media have three digits"
    assert limits.PAYLOAD_MEMBERS < 0xFFFF, "a zip without ZIP64 counts no further"
    assert limits.PASSWORD_CHARACTERS_MIN < limits.PASSWORD_CHARACTERS_MAX
