"""The three lists: received, sent, and what is new for clients that poll."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from harness.user_server import Caller, World, ids, on_each_database, on_sqlite, problem
from sqlalchemy import delete, select, update

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import ChangeCounter, ChangeEvent, MailboxEntry, Report
from picsafe_server.users.events.event_log import last_number

pytestmark = pytest.mark.anyio


async def all_new(caller: Caller, after: str | None = None, limit: int = 3) -> tuple[list[str], str]:
    """Everything that polling gives, page by page, and the last cursor."""
    found: list[str] = []
    while True:
        parameters = {"limit": limit} | ({"after": after} if after else {})
        answer = await caller.get("/v1/reports/new", **parameters)
        found += ids(answer)
        after = answer.json()["cursor"]
        if not answer.json()["more"]:
            return found, str(after)


async def all_pages(caller: Caller, box: str, limit: int) -> list[list[str]]:
    pages = []
    before = None
    while True:
        parameters = {"box": box, "limit": limit} | ({"before": before} if before else {})
        answer = await caller.get("/v1/reports", **parameters)
        pages.append(list(ids(answer)))
        before = answer.json()["next"]
        if before is None:
            return pages


@on_each_database
async def test_inbox_and_sent_are_newest_first_page_by_page(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    sent = [await world.report(ada, bo) for _ in range(5)]
    newest_first = sent[::-1]
    assert await all_pages(bo, "inbox", 2) == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert await all_pages(ada, "sent", 5) == [newest_first]
    assert await all_pages(ada, "inbox", 5) == [[]]
    assert await all_pages(bo, "sent", 5) == [[]]


@on_each_database
async def test_what_arrives_between_two_pages_moves_nothing(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    first, second, third = [await world.report(ada, bo) for _ in range(3)]
    page = await bo.get("/v1/reports", limit=1)
    await world.report(ada, bo)
    rest = await bo.get("/v1/reports", before=page.json()["next"])
    assert [*ids(page), *ids(rest)] == [third, second, first]


@on_each_database
async def test_order_is_that_of_becoming_available_not_of_beginning(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    early, late = await world.draft(ada, bo), await world.report(ada, bo)
    await world.deliver(ada, early)
    assert ids(await bo.get("/v1/reports")) == [early, late]
    assert ids(await bo.get("/v1/reports/new")) == [late, early]


@on_each_database
async def test_polling_goes_on_where_it_stopped(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    pacs = await world.service("Royal")
    first = [await world.report(ada, ada) for _ in range(4)]
    seen, cursor = await all_new(pacs)
    assert seen == first
    assert await all_new(pacs, cursor) == ([], cursor)
    second = [await world.report(ada, ada) for _ in range(4)]
    assert (await all_new(pacs, cursor))[0] == second
    assert (await all_new(pacs))[0] == first + second


@on_each_database
async def test_a_report_to_oneself_is_received_and_sent(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.report(ada, ada)
    assert ids(await ada.get("/v1/reports")) == [report_id]
    assert ids(await ada.get("/v1/reports", box="sent")) == [report_id]
    assert (await ada.get("/v1/reports")).json()["reports"][0]["unread"] is True


@on_each_database
async def test_service_accounts_get_what_their_institution_sends_and_receives(world: World) -> None:
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo", institution="Charité")
    eve = await world.person("Eve")
    royal, charite, other = [await world.service(name) for name in ("Royal", "Charité", "Elsewhere")]
    between = await world.report(ada, bo)
    inside = await world.report(ada, ada)
    to_eve = await world.report(ada, eve)
    from_eve = await world.report(eve, bo)
    assert (await all_new(royal))[0] == [between, inside, to_eve]
    assert (await all_new(charite))[0] == [between, from_eve]
    assert (await all_new(other))[0] == []


@on_each_database
async def test_members_see_each_other_s_reports_only_where_the_policy_says_so(world: World) -> None:
    await world.institution("Open", members_may_open="members")
    ada, bo = await world.person("Ada", institution="Open"), await world.person("Bo", institution="Open")
    chief = await world.person("Chief", institution="Open", role=Role.ADMINISTRATOR)
    cy = await world.person("Cy", institution="Closed")
    boss = await world.person("Boss", institution="Closed", role=Role.ADMINISTRATOR)
    report_id = await world.report(ada, cy)
    to_bo = await world.report(ada, bo)
    assert ids(await bo.get("/v1/reports")) == [to_bo, report_id]
    assert ids(await chief.get("/v1/reports")) == [to_bo, report_id]
    assert ids(await ada.get("/v1/reports")) == []
    assert ids(await boss.get("/v1/reports")) == []
    assert problem(await boss.get(f"/v1/reports/{report_id}")) == (404, "not_found")
    assert (await bo.get(f"/v1/reports/{report_id}")).json()["box"] == "inbox"
    assert ids(await bo.get("/v1/reports/new")) == [report_id, to_bo]


@on_each_database
async def test_what_is_over_leaves_the_inbox_and_stays_in_sent(world: World) -> None:
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo")
    pacs = await world.service("Royal")
    withdrawn, expired = await world.report(ada, bo), await world.report(ada, bo)
    await ada.delete(f"/v1/reports/{withdrawn}")
    assert ids(await bo.get("/v1/reports")) == [expired, withdrawn]
    assert ids(await pacs.get("/v1/reports/new")) == [expired]
    world.clock.move(timedelta(days=7))
    ada, bo = await world.sign_in(ada.email), await world.sign_in(bo.email)
    for _ in range(2):  # by the clock, and after the sweep
        assert ids(await bo.get("/v1/reports")) == []
        assert ids(await pacs.get("/v1/reports/new")) == []
        sent = (await ada.get("/v1/reports", box="sent")).json()["reports"]
        assert [(row["id"], row["state"]) for row in sent] == [(expired, "expired"), (withdrawn, "withdrawn")]
        assert (await bo.get(f"/v1/reports/{expired}")).json()["state"] == "expired"
        assert (await bo.get(f"/v1/reports/{withdrawn}")).json()["state"] == "withdrawn"
        await world.users.sweep()


@on_each_database
async def test_thirty_days_later_the_index_has_forgotten(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    kept = [await world.report(ada, bo), await world.report(ada, bo)]
    await ada.delete(f"/v1/reports/{kept[0]}")
    world.clock.move(timedelta(days=limits.REPORT_DAYS))
    await world.users.sweep()
    world.clock.move(timedelta(days=limits.REPORT_INDEX_DAYS, minutes=-1))
    assert (await world.users.sweep())["reports forgotten"] == 0
    world.clock.move(timedelta(minutes=2))
    assert (await world.users.sweep())["reports forgotten"] == 2
    ada = await world.sign_in(ada.email)
    assert ids(await ada.get("/v1/reports", box="sent")) == []
    assert problem(await ada.get(f"/v1/reports/{kept[1]}")) == (404, "not_found")


@on_sqlite
async def test_what_is_no_page_is_refused(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    refused: list[tuple[str, dict[str, Any]]] = [
        ("/v1/reports", {"box": "outbox"}),
        ("/v1/reports", {"box": ""}),
        ("/v1/reports", {"limit": 0}),
        ("/v1/reports", {"limit": limits.PAGE_ROWS + 1}),
        ("/v1/reports", {"limit": "many"}),
        ("/v1/reports", {"before": "yesterday"}),
        ("/v1/reports", {"before": "-1"}),
        ("/v1/reports", {"before": "1e3"}),
        ("/v1/reports", {"before": "٣"}),
        ("/v1/reports", {"before": "9" * 19}),
        ("/v1/reports", {"before": "9" * 41}),
        ("/v1/reports/new", {"after": ""}),
        ("/v1/reports/new", {"after": "0x10"}),
        ("/v1/reports/new", {"after": "1; DROP TABLE reports"}),
        ("/v1/reports/new", {"limit": -1}),
    ]
    for path, parameters in refused:
        with subtests.test(path=path, parameters=parameters):
            assert problem(await ada.get(path, **parameters)) == (400, "invalid_request")


@on_sqlite
async def test_the_largest_page(world: World) -> None:
    ada = await world.person("Ada")
    assert (await ada.get("/v1/reports", limit=limits.PAGE_ROWS)).status_code == 200


# Cursors from before a restore


async def restored(world: World, *, without: int) -> None:
    """The database is what it was before the last `without` reports became available."""
    async with world.users.services.database.writing() as session:
        last = await last_number(session) - without
        gone = (await session.scalars(select(MailboxEntry.report_id).where(MailboxEntry.sequence > last))).all()
        await session.execute(delete(Report).where(Report.id.in_(gone)))
        await session.execute(delete(ChangeEvent).where(ChangeEvent.sequence > last))
        await session.execute(update(ChangeCounter).values(last=last))


@on_each_database
async def test_a_cursor_from_before_a_restore_is_refused_and_nothing_is_skipped(world: World) -> None:
    ana, pacs = await world.person("Ana", institution="Royal"), await world.service("Royal")
    kept = await world.report(ana, ana)
    await world.report(ana, ana)
    _, cursor = await all_new(pacs)
    await restored(world, without=1)
    refused = await pacs.get("/v1/reports/new", after=cursor)
    assert problem(refused) == (409, "cursor_unknown")
    assert "without a cursor" in refused.json()["advice"]
    assert (await all_new(pacs))[0] == [kept]


@on_each_database
async def test_a_cursor_stays_refused_when_new_reports_have_overtaken_it(world: World) -> None:
    ana, pacs = await world.person("Ana", institution="Royal"), await world.service("Royal")
    await world.report(ana, ana)
    _, cursor = await all_new(pacs)
    await restored(world, without=1)
    since = [await world.report(ana, ana) for _ in range(3)]
    assert problem(await pacs.get("/v1/reports/new", after=cursor)) == (409, "cursor_unknown")
    assert (await all_new(pacs))[0] == since


@on_each_database
async def test_a_cursor_outlives_the_report_that_it_names(world: World) -> None:
    ana, pacs = await world.person("Ana", institution="Royal"), await world.service("Royal")
    gone = await world.report(ana, ana)
    _, cursor = await all_new(pacs)
    await ana.delete(f"/v1/reports/{gone}")
    assert await all_new(pacs, cursor) == ([], cursor)
    fresh = await world.report(ana, ana)
    assert (await all_new(pacs, cursor))[0] == [fresh]


@on_each_database
async def test_a_cursor_of_an_older_server_which_is_a_number_alone_is_understood(world: World) -> None:
    ana, pacs = await world.person("Ana", institution="Royal"), await world.service("Royal")
    first, second = [await world.report(ana, ana) for _ in range(2)]
    _, cursor = await all_new(pacs)
    number = int(cursor.partition("-")[0])
    assert (await all_new(pacs, str(number)))[0] == []
    assert (await all_new(pacs, "0"))[0] == [first, second]
    assert problem(await pacs.get("/v1/reports/new", after=str(number + 1000))) == (409, "cursor_unknown")


@on_sqlite
async def test_what_the_server_never_gave_out_is_no_cursor(world: World, subtests: pytest.Subtests) -> None:
    pacs = await world.service("Royal")
    for cursor in [
        "",
        "-",
        "x",
        "-1",
        "1-",
        "1-x",
        "1-../..",
        "1-" + "a" * 25,
        "٣",
        "1" * 19,
        "1.0",
        "1-" + "a" * 26 + "-",
    ]:
        with subtests.test(cursor=cursor):
            assert problem(await pacs.get("/v1/reports/new", after=cursor)) == (400, "invalid_request")
