"""The lists of reports: newest first, page by page, true to live events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sample_messages import number_in, numbered, report_row

from picsafe_client.session import mailbox
from picsafe_client.session.mailbox import Mailbox
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.json.messages import read

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.anyio


def report(number: int, **changes: Any) -> ReportView:
    """The report with this number; higher ones are newer."""
    return read(ReportView, row_of(number, **changes))


def row_of(number: int, **changes: Any) -> dict[str, Any]:
    """The same as the server sends it."""
    made = (NOW + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
    sender = {"id": "s", "name": f"Dr Number {number}", "email": "s@clinic.example", "institution": "Clinic"}
    priya = {"id": "p", "name": "Priya Raman", "email": "priya@clinic.example", "opened_at": None}
    times = {"created_at": made, "available_at": made, "expires_at": (NOW + timedelta(days=7)).isoformat()}
    return report_row(**{"id": numbered(number), "sender": sender, "recipients": [priya], **times, **changes})


class Shelf:
    """What the user server has, newest first."""

    def __init__(self, *numbers: int) -> None:
        self.reports = [row_of(number) for number in sorted(numbers, reverse=True)]
        self.asked: list[str | None] = []

    async def fetch(self, path: str) -> Any:
        query = parse_qs(urlsplit(path).query)
        before = query.get("before", [None])[0]
        self.asked.append(before)
        rows = [each for each in self.reports if before is None or each["id"] < before]
        page = rows[: mailbox.PAGE]
        return {"reports": [dict(each) for each in page], "next": page[-1]["id"] if len(rows) > len(page) else None}


def ids(box: Mailbox) -> list[int]:
    return [number_in(each.id) for each in box.reports]


async def test_a_box_loads_page_by_page_until_it_is_complete() -> None:
    shelf = Shelf(*range(250))
    box = Mailbox("inbox", shelf.fetch)
    await box.refresh()
    assert (len(box.reports), box.is_complete) == (100, False)
    await box.more()
    await box.more()
    assert ids(box) == list(range(249, -1, -1))
    assert box.is_complete
    await box.more()
    assert len(shelf.asked) == 3


async def test_an_empty_box_is_complete() -> None:
    box = Mailbox("inbox", Shelf().fetch)
    await box.refresh()
    assert box.is_loaded
    assert box.is_complete


async def test_a_live_report_takes_its_place() -> None:
    box = Mailbox("inbox", Shelf(1, 3, 5).fetch)
    await box.refresh()
    assert box.upsert(report(9))
    assert box.upsert(report(4))
    assert not box.upsert(report(4, unread=False))
    assert ids(box) == [9, 5, 4, 3, 1]
    known = box.get(numbered(4))
    assert known is not None
    assert known.unread is False


async def test_a_live_report_older_than_what_is_loaded_waits_for_its_page() -> None:
    shelf = Shelf(*range(100, 250))
    box = Mailbox("inbox", shelf.fetch)
    await box.refresh()
    assert not box.upsert(report(3))
    assert 3 not in ids(box)


async def test_a_report_that_arrives_between_two_pages_appears_once() -> None:
    shelf = Shelf(*range(150))
    box = Mailbox("inbox", shelf.fetch)
    await box.refresh()
    box.upsert(report(49))  # live, and on the next page too
    await box.more()
    assert ids(box) == list(range(149, -1, -1))


class SlowShelf(Shelf):
    """Its answers are of the moment when it was asked; `meanwhile` happens while they are on their way."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(*numbers)
        self.meanwhile: Callable[[], object] = lambda: None

    async def fetch(self, path: str) -> Any:
        answer = await super().fetch(path)
        self.meanwhile()
        return answer


@pytest.mark.parametrize("is_first", [True, False])
async def test_what_is_heard_while_a_page_is_on_its_way_is_newer_than_the_page(is_first: bool) -> None:
    shelf = SlowShelf(*range(5))
    box = Mailbox("inbox", shelf.fetch)
    if not is_first:
        await box.refresh()

    def meanwhile() -> None:
        box.upsert(report(7))
        box.upsert(report(3, unread=False))
        box.remove(numbered(1))

    shelf.meanwhile = meanwhile
    await box.refresh()
    assert ids(box) == [7, 4, 3, 2, 0]
    known = box.get(numbered(3))
    assert known is not None
    assert known.unread is False


async def test_the_same_while_an_older_page_is_on_its_way() -> None:
    shelf = SlowShelf(*range(250))
    box = Mailbox("inbox", shelf.fetch)
    await box.refresh()

    def meanwhile() -> None:
        box.upsert(report(300))
        box.upsert(report(120, unread=False))  # on the page that is coming
        box.remove(numbered(110))
        box.upsert(report(3))  # older still

    shelf.meanwhile = meanwhile
    await box.more()
    assert ids(box) == [300, *(number for number in range(249, 49, -1) if number != 110)]
    known = box.get(numbered(120))
    assert known is not None
    assert known.unread is False


async def test_the_last_of_what_is_loaded_changes_in_its_place() -> None:
    box = Mailbox("inbox", Shelf(*range(150)).fetch)
    await box.refresh()
    assert not box.upsert(report(50, unread=False))
    assert ids(box)[-1] == 50


async def test_refreshing_keeps_older_pages_and_forgets_what_has_gone() -> None:
    shelf = Shelf(*range(250))
    box = Mailbox("inbox", shelf.fetch)
    await box.refresh()
    await box.more()
    shelf.reports = [row_of(300), *(each for each in shelf.reports if each["id"] != numbered(200))]
    await box.refresh()
    assert ids(box) == [300, *(number for number in range(249, 49, -1) if number != 200)]
    await box.more()
    assert ids(box)[-1] == 0


async def test_refreshing_after_a_long_absence_starts_again() -> None:
    shelf = Shelf(*range(50))
    box = Mailbox("inbox", shelf.fetch)
    await box.refresh()
    shelf.reports = [row_of(number) for number in range(999, 799, -1)]
    await box.refresh()
    assert ids(box) == list(range(999, 899, -1))
    assert not box.is_complete


async def test_watchers_get_what_changed_and_nothing_else() -> None:
    shelf = Shelf(1, 2)
    box = Mailbox("inbox", shelf.fetch)
    await box.refresh()
    heard: list[set[str]] = []
    stop = box.changes.watch(heard.append)
    await box.refresh()
    box.mark_opened(numbered(1))
    box.mark_opened(numbered(1))
    box.remove(numbered(2))
    box.remove(numbered(2))
    stop()
    box.upsert(report(7))
    assert heard == [set(), {numbered(1)}, {numbered(2)}]


async def test_only_what_can_be_opened_counts_as_unread() -> None:
    box = Mailbox("inbox", Shelf(1, 2, 3).fetch)
    await box.refresh()
    box.upsert(report(2, state="withdrawn"))
    box.mark_opened(numbered(3))
    assert box.unread == 1


@pytest.mark.parametrize(
    ("words", "is_match"),
    [
        ("", True),
        ("number 7", True),
        ("NUMBER", True),
        ("australia", True),
        ("priya clinic", True),
        ("margaret 1970-01-31", True),
        ("7 nothing", False),
        ("germany", False),
    ],
)
async def test_the_filter_looks_at_what_the_row_says(words: str, is_match: bool) -> None:
    assert mailbox.matches(report(7), words, ["Margaret Ellison", "1970-01-31"]) is is_match


@pytest.mark.parametrize(
    ("changes", "is_urgent"),
    [
        ({"expires_at": "2026-11-23T11:59:59Z"}, True),
        ({"expires_at": "2026-11-23T12:00:00Z"}, False),
        ({"expires_at": "2026-11-23T11:59:59Z", "collected_at": "2026-11-22T11:00:00Z"}, False),
        ({"expires_at": "2026-11-23T11:59:59Z", "state": "withdrawn"}, False),
    ],
)
async def test_amber_is_for_little_time_and_nobody_having_collected_it(
    changes: dict[str, str], is_urgent: bool
) -> None:
    assert mailbox.is_urgent(report(1, **changes), NOW) is is_urgent
