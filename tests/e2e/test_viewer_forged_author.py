"""Attack: somebody with an account sends a report that names a colleague as its author. The page names who really sent it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from e2e.conftest import Enter
from harness.browser.session import Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo
from harness.report_factory import MadeFile, MadeReport
from playwright.sync_api import expect

from picsafe_protocol.format.report import Author

EVE = "Dr Eve Stone"
ADDRESS = "eve.stone@elsewhere.example"
CLAIMED = Author("Dr Ruth Abara", "ruth.abara@clinic.example", "Harbour Clinic")
CLAIM = re.compile(
    r"Named in the file\s*(</dt><dd>)?"
    r"Dr Ruth Abara(, |\n)ruth\.abara@clinic\.example(, |\n)Harbour Clinic(, |\n)Nobody has confirmed this\."
)
"""All that may be shown of the claim, as a line and as rows."""


@pytest.fixture(scope="module")
def eve(clinic: Clinic) -> Person:
    return clinic.person(EVE, ADDRESS)


@pytest.fixture(scope="module")
def report(clinic: Clinic, eve: Person, reader: Person) -> MadeReport:
    photos = [MadeFile("image/jpeg", drawn_photo(320, 240, colour)) for colour in ("firebrick", "olive")]
    return clinic.send(eve, [reader], photos, author=CLAIMED)


@pytest.fixture(scope="module")
def window(enter: Enter, reader: Person, report: MadeReport) -> Visit:
    return enter(reader)


@pytest.fixture(params=["from the cloud", "from disk"])
def visit(request: pytest.FixtureRequest, window: Visit, report: MadeReport) -> Iterator[Visit]:
    window.to_inbox()
    if request.param == "from disk":
        window.open_file("report.picsafe", report.package)
        window.sees_medium()
    else:
        window.open_report(report.header.report_id)
    yield window
    window.nothing_was_refused()


def test_heading_facts_and_print_outs_name_who_sent_it(visit: Visit) -> None:
    expect(visit.page.locator(".toolbar-about")).to_contain_text(f"{EVE}, {ADDRESS}")
    expect(visit.facts).to_contain_text(f"Sent by{EVE}\n{ADDRESS}", use_inner_text=False)
    assert _claims(visit.page.content()) == 1, "in the facts"

    visit.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert _claims(_names_eve(visit.page.locator("#print-sheet").text_content())) == 1, "from the browser's menu"
    visit.page.evaluate("() => dispatchEvent(new Event('afterprint'))")

    for choice, claims in (("This photo", 1), ("All 2 photos", 2), ("The whole report", 3)):
        visit.press("p")
        visit.page.get_by_role("button", name=choice).click()
        assert _claims(_names_eve(_printed(visit))) == claims, choice


def _names_eve(text: str | None) -> str:
    assert text is not None
    assert re.search(rf"Sent by\s*{EVE}(, |\n){re.escape(ADDRESS)}", text), text
    return text


def _claims(text: str) -> int:
    """How often the claimed author stands beside the words that nobody has confirmed it; elsewhere there may be nothing of it."""
    rest, found = CLAIM.subn("", text)
    for word in ("abara", "harbour clinic"):
        where = rest.casefold().find(word)
        assert where < 0, rest[max(0, where - 120) : where + 60]
    return found


def _printed(visit: Visit) -> str:
    visit.page.wait_for_function("() => printed.length")
    printed: list[dict[str, Any]] = visit.page.evaluate("() => printed.splice(0)")
    return str(printed[-1]["text"])
