"""Finding whom to write to."""

from __future__ import annotations

import pytest
from server.users.world import Caller, World, on_sqlite, problem

from picsafe_protocol import limits
from picsafe_protocol.tokens import Role

pytestmark = pytest.mark.anyio


async def names(caller: Caller, query: str = "") -> list[str]:
    answer = await caller.get("/v1/recipients", query=query)
    assert answer.status_code == 200, answer.text
    return [person["name"] for person in answer.json()["recipients"]]


async def test_colleagues_and_oneself_by_name(world: World) -> None:
    ada = await world.person("Ada", institution="Royal")
    await world.account("Zoe", institution="Royal")
    await world.account("Bo", institution="Charité")
    await world.account("Cy")
    assert await names(ada) == ["Ada", "Zoe"]


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


async def test_being_written_to_tells_nothing(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    await world.report(ada, bo)
    assert await names(bo) == ["Bo"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ö", ["Ödön"]),
        ("ÖDÖN", ["Ödön"]),
        ("O\u0308d", ["Ödön"]),
        ("odon@", ["Ödön"]),
        ("EXAMPLE.org", ["50%", "A_B", "Back\\slash", "Ödön"]),
        ("%", ["50%"]),
        ("_", ["A_B"]),
        ("\\", ["Back\\slash"]),
        ("nobody", []),
        ("'; DROP TABLE accounts; --", []),
    ],
)
async def test_what_is_searched_for_is_found_literally(world: World, query: str, found: list[str]) -> None:
    people = [await world.account(name, institution="Royal") for name in ("Ödön", "50%", "A_B")]
    await world.institution("Royal")
    ada = await world.person("Back/slash", institution="Royal")
    await ada.patch("/v1/me", {"name": "Back\\slash"})
    assert len(people) == 3
    assert sorted(await names(ada, query)) == sorted(found)


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
