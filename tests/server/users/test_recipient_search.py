"""Finding whom to write to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from harness.user_server import Caller, World, on_each_database, on_sqlite, problem
from sqlalchemy import event, insert, text

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import Account, AccountPart
from picsafe_server.users.names.display_names import search_text
from picsafe_server.users.recipients.search_index import parts_of

pytestmark = pytest.mark.anyio


async def names(caller: Caller, query: str = "") -> list[str]:
    answer = await caller.get("/v1/recipients", query=query)
    assert answer.status_code == 200, answer.text
    return [person["name"] for person in answer.json()["recipients"]]


@on_each_database
async def test_colleagues_and_oneself_by_name(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    await world.account("Zoe", institution="Royal")
    await world.account("Bo", institution="Charité")
    await world.account("Cy")
    assert await names(ada) == ["Ada", "Zoe"]


@on_each_database
async def test_those_written_to_before_come_first(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    bo, cy = await world.person("Bo", institution="Charité"), await world.person("Cy")
    await world.report(ada, bo)
    await world.report(ada, cy)
    await world.draft(ada, await world.person("Dee"))
    assert await names(ada) == ["Cy", "Bo", "Ada"]
    await world.report(ada, bo)
    assert await names(ada) == ["Bo", "Cy", "Ada"]
    (found,) = (await ada.get("/v1/recipients", query="bo@")).json()["recipients"]
    assert found == {"id": bo.id, "email": bo.email, "name": "Bo", "institution": "Charité"}


@on_each_database
async def test_being_written_to_tells_nothing(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    await world.report(ada, bo)
    assert await names(bo) == ["Bo"]


@on_each_database
async def test_what_is_searched_for_is_found_literally(world: World, subtests: pytest.Subtests) -> None:
    people = [await world.account(name, institution="Royal") for name in ("Ödön", "50%", "A_B")]
    await world.institution("Royal")
    ada = await world.person("Back/slash", institution="Royal")
    await ada.patch("/v1/me", {"name": "Back\\slash"})
    assert len(people) == 3
    for query, found in [
        ("ö", ["Ödön"]),
        ("ÖDÖN", ["Ödön"]),
        ("O\u0308d", ["Ödön"]),
        ("odon@", ["Ödön"]),
        ("EXAMPLE.org", ["50%", "A_B", "Back\\slash", "Ödön"]),
        ("%", ["50%"]),
        ("_", ["A_B"]),
        ("\\", ["Back\\slash"]),
        ("nobody", []),
        ("50% 50", ["50%"]),
        ("odon@example.org", ["Ödön"]),
        ("'; DROP TABLE accounts; --", []),
    ]:
        with subtests.test(query=query, found=found):
            assert sorted(await names(ada, query)) == sorted(found)


@on_each_database
async def test_who_is_disabled_or_removed_is_not_suggested(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    bo, cy = await world.account("Bo", institution="Royal"), await world.account("Cy", institution="Royal")
    await admin.patch(f"/v1/institution/members/{bo.id}", {"disabled": True})
    await admin.delete(f"/v1/institution/members/{cy.id}")
    assert await names(admin) == ["Admin"]


@on_sqlite
async def test_no_more_than_fit_on_a_screen(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    for number in range(limits.RECIPIENT_SUGGESTIONS + 1):
        await world.account(f"N{number}", institution="Royal")
    assert len(await names(ada)) == limits.RECIPIENT_SUGGESTIONS
    assert await names(ada, f"n{limits.RECIPIENT_SUGGESTIONS}@") == [f"N{limits.RECIPIENT_SUGGESTIONS}"]


@on_sqlite
async def test_a_query_has_an_end(world: World) -> None:
    ada = await world.person("Ada")
    assert (await ada.get("/v1/recipients", query="x" * limits.EMAIL_CHARACTERS)).status_code == 200
    too_long = await ada.get("/v1/recipients", query="x" * (limits.EMAIL_CHARACTERS + 1))
    assert problem(too_long) == (400, "invalid_request")


@on_each_database
async def test_control_characters_are_never_looked_up(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    refused = [
        await admin.get("/v1/recipients", query="a\x00"),
        await admin.get("/v1/institution/members", after="\x00"),
        await admin.post("/v1/reports", {"recipients": ["a\x00@example.org"]}),
        await admin.post("/v1/institution/members", {"email": "a\x00@b", "name": "A", "country": "AU"}),
        await world.http.post("/users/v1/sessions", json={"email": "a\x00@b", "password": "x"}),
    ]
    assert {problem(answer) for answer in refused} == {(400, "invalid_request")}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ada lovelace a.l@x.example", {"ada", "lovelace", "a", ".", "l", "@", "x", "example", ".example"}),
        ("müller-lüdenscheidt m@x", {"müller", "-", "lüdenscheidt", "m", "@", "x"}),
        ("山田太郎 yt1@x", {"山", "田", "太", "郎", "yt", "1", "@", "x"}),
    ],
)
def test_a_part_begins_with_every_word_sign_and_letter_without_case(text: str, parts: set[str]) -> None:
    found = parts_of(text)
    assert all(any(part.startswith(wanted) for part in found) for wanted in parts)
    assert len(found) == len(parts)


@on_each_database
async def test_a_search_among_ten_thousand_reads_along_an_index(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    other = await world.institution("Mater")
    await fill(world, world.institutions["Royal"], "r", 5000)
    await fill(world, other, "m", 5000)
    database = world.users.services.database
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        asked.append((statement, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    for query in ("", "n", "n17", "number n17", "n1733@", "example", "zq", "x" * 60):
        assert len(await names(ada, query)) <= limits.RECIPIENT_SUGGESTIONS
    assert await names(ada, "n1733@") == ["Number N1733"]
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    async with database.engine.connect() as connection:
        for statement, values in asked:
            if statement.startswith("SELECT") and re.search(r"account_parts|accounts.search", statement):
                rows = await connection.exec_driver_sql(explain + statement, values)
                plan = "\n".join(str(row[-1]) for row in rows)
                assert not re.search(r"SCAN (accounts|account_parts|correspondence)\b(?! USING)", plan), plan
                assert not re.search(r"Seq Scan on account_parts\b", plan), plan
                if database.is_sqlite:
                    continue
                # Ten thousand accounts are few enough for PostgreSQL to read them all at times; an index has to be there.
                await connection.execute(text("SET enable_seqscan = off"))
                rows = await connection.exec_driver_sql(explain + statement, values)
                await connection.execute(text("SET enable_seqscan = on"))
                plan = "\n".join(str(row[-1]) for row in rows)
                assert not re.search(r"Seq Scan on (accounts|account_parts)\b", plan), plan


async def fill(world: World, institution: str, prefix: str, count: int) -> None:
    """Members of an institution, as if they had been added one by one."""
    now = world.clock.now()
    people, parts = [], []
    for number in range(count):
        id_, name, email = new_identifier(), f"Number N{number}", f"n{number}@{prefix}.example.org"
        search = search_text(name, email)
        row = {"id": id_, "email": email, "name": name, "search": search, "country": "AU", "created_at": now}
        people.append(row | {"institution_id": institution, "role": "member", "joined_at": now})
        parts += [{"account_id": id_, "institution_id": institution, "part": part} for part in parts_of(search)]
    async with world.users.services.database.writing() as session:
        await session.execute(insert(Account), people)
        await session.execute(insert(AccountPart), parts)
    async with world.users.services.database.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).exec_driver_sql(
            "ANALYZE"
        )  # as autovacuum does in time
