"""The stream behind the live inbox, when its connection does not do what connections usually do."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from harness.browser.session import WATCH, Visit
from harness.clinic import Clinic, Person
from harness.photos import drawn_photo
from harness.report_factory import MadeFile
from playwright.sync_api import Browser, Page, expect

FILES = [MadeFile("image/jpeg", drawn_photo(400, 300, "olive"))]
BUSY = {"code": "too_many_requests", "detail": "Too many.", "advice": "Wait."}
STREAM = "/users/v1/events"


@pytest.fixture
def inbox(clinic: Clinic, browser: Browser, reader: Person) -> Iterator[Visit]:
    """A window whose clock the test moves."""
    profile = browser.new_context(locale="en-GB", service_workers="block")
    profile.add_init_script(WATCH)
    page = profile.new_page()
    page.clock.install()
    clinic.network.seen.clear()
    visit = Visit(clinic, page, reader)
    visit.sign_in()
    streams_come_to(clinic, page, 1)
    yield visit
    visit.nothing_was_refused()
    profile.close()


def streams_come_to(clinic: Clinic, page: Page, number: int) -> None:
    """Waits until the stream has been asked for so many times, and a moment longer, in case it is asked for again."""
    deadline = time.monotonic() + 10
    while len(clinic.network.asked(STREAM)) < number and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    page.wait_for_timeout(300)
    assert len(clinic.network.asked(STREAM)) == number


def test_a_connection_that_died_silently_is_reopened(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    inbox.page.clock.fast_forward(39_000)
    streams_come_to(clinic, inbox.page, 1)  # it may only be quiet
    inbox.page.clock.fast_forward(2_000)
    streams_come_to(clinic, inbox.page, 2)
    made = clinic.send(sender, [reader], FILES)
    expect(inbox.page.locator(f".row[data-id='{made.header.report_id}']")).to_be_visible()


def test_a_word_from_the_server_is_enough_to_keep_it(
    clinic: Clinic, inbox: Visit, sender: Person, reader: Person
) -> None:
    inbox.page.clock.fast_forward(30_000)
    made = clinic.send(sender, [reader], FILES)
    expect(inbox.page.locator(f".row[data-id='{made.header.report_id}']")).to_be_visible()
    inbox.page.clock.fast_forward(30_000)
    streams_come_to(clinic, inbox.page, 1)


def test_it_is_not_opened_twice_after_it_was_refused(clinic: Clinic, inbox: Visit) -> None:
    clinic.network.refuse_once[STREAM] = (429, BUSY)
    inbox.page.clock.fast_forward(41_000)
    streams_come_to(clinic, inbox.page, 2)  # refused, to be tried again after a while
    inbox.press("l")
    expect(inbox.page.locator("#sign-in-title")).to_have_text("Locked")
    # The page's clock runs on: on a busy machine the second attempt may have come before the lock.
    before = len(clinic.network.asked(STREAM))
    inbox.enter_password()
    streams_come_to(clinic, inbox.page, before + 1)
    inbox.page.clock.fast_forward(6_000)
    streams_come_to(clinic, inbox.page, before + 1)
    inbox.errors.clear()  # Firefox tells of a refused stream as of an error
