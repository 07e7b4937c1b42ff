"""Lighthouse finds no fault with the sign-in page: accessibility and best practices. Speed is measured in tests/bench."""

from __future__ import annotations

import pytest
from harness.browser.engines import FIREFOX, WEBKIT, not_in
from harness.browser.lighthouse import FORMS, Form, audit
from harness.clinic import Clinic

pytestmark = [
    pytest.mark.long,
    not_in(FIREFOX, "Lighthouse drives Chromium only"),
    not_in(WEBKIT, "Lighthouse drives Chromium only"),
]

CATEGORIES = ["accessibility", "best-practices"]


@pytest.mark.parametrize("form", FORMS)
def test_the_sign_in_page(clinic: Clinic, browser_name: str, form: Form) -> None:
    found = audit(clinic.url, form, CATEGORIES)
    assert found.faults == {name: [] for name in CATEGORIES}
    assert found.points == dict.fromkeys(CATEGORIES, 100)
