"""Who else can open a report is told to its sender before anything is encrypted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from harness.user_server import Caller, World, problem

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.tokens import Role

pytestmark = pytest.mark.anyio


async def look(sender: Caller, *recipients: str) -> httpx.Response:
    return await sender.post("/v1/reports/readers", {"recipients": list(recipients)})


def institution(name: str, *, members: bool = False, record_systems: bool = False) -> dict[str, Any]:
    return {"name": name, "members": members, "record_systems": record_systems}


async def test_recipients_come_with_their_institutions_and_nobody_else_where_nobody_else_can_open(world: World) -> None:
    ada, bo = await world.person("Ada", institution="Royal"), await world.person("Bo", institution="Charit\u00e9")
    cy = await world.person("Cy")
    answer = await look(ada, cy.email, bo.email.upper())
    assert answer.status_code == 200
    assert answer.json() == {
        "recipients": [
            {"id": cy.id, "email": cy.email, "name": "Cy", "institution": None},
            {"id": bo.id, "email": bo.email, "name": "Bo", "institution": "Charit\u00e9"},
        ],
        "institutions": [],
    }


async def test_members_and_record_systems_of_every_institution_involved_are_listed(world: World) -> None:
    await world.institution("Royal", members_may_open="members")
    await world.institution("Charit\u00e9", members_may_open="members")
    ada = await world.person("Ada", institution="Royal")
    bo, dee = await world.person("Bo", institution="Charit\u00e9"), await world.person("Dee", institution="Mater")
    await world.service("Charit\u00e9")
    await world.service("Mater")
    await world.service("Elsewhere")
    told = (await look(ada, bo.email, dee.email)).json()["institutions"]
    assert told == [
        institution("Charit\u00e9", members=True, record_systems=True),
        institution("Mater", record_systems=True),
        institution("Royal", members=True),
    ]
    begun = (await ada.post("/v1/reports", {"recipients": [bo.email, dee.email]})).json()
    assert begun["institutions"] == told, "the answer that begins the report says the same"
    assert begun["recipients"][0]["institution"] == "Charit\u00e9"


async def test_a_record_system_that_was_revoked_gets_nothing(world: World) -> None:
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    made = (await admin.post("/v1/institution/service-accounts", {"name": "PACS"})).json()
    assert (await look(admin, admin.email)).json()["institutions"] == [institution("Royal", record_systems=True)]
    await admin.delete(f"/v1/institution/service-accounts/{made['id']}")
    assert (await look(admin, admin.email)).json()["institutions"] == []


async def test_looking_begins_nothing(world: World) -> None:
    ada = await world.person("Ada")
    for _ in range(limits.OPEN_DRAFTS + 1):
        assert (await look(ada, ada.email)).status_code == 200
    assert (await ada.post("/v1/reports", {"recipients": [ada.email]})).status_code == 201


async def test_it_is_no_way_around_the_count_of_unknown_recipients(world: World) -> None:
    ada = await world.person("Ada")
    unknown = [f"p{number}@hospital.example" for number in range(limits.RECIPIENTS)]
    first = await look(ada, *unknown[:2], ada.email)
    assert problem(first) == (400, "unknown_recipient")
    assert first.json()["recipients"] == unknown[:2]
    assert problem(await look(ada, *unknown)) == (400, "unknown_recipient")
    assert problem(await ada.post("/v1/reports", {"recipients": unknown[2:]})) == (400, "unknown_recipient")
    assert problem(await look(ada, unknown[0])) == (429, "too_many_requests")


async def test_it_is_for_people_who_are_signed_in(world: World) -> None:
    pacs = await world.service("Royal")
    assert problem(await look(pacs, "a@example.org")) == (403, "not_permitted")
    anybody = await world.http.post("/users/v1/reports/readers", json={"recipients": ["a@example.org"]})
    assert problem(anybody) == (401, "not_signed_in")


async def test_an_invalid_list_of_recipients_is_refused(world: World, subtests: pytest.Subtests) -> None:
    ada = await world.person("Ada")
    for body in [{}, {"recipients": []}, {"recipients": "a@example.org"}, {"recipients": [1]}]:
        with subtests.test(body=body):
            assert problem(await ada.post("/v1/reports/readers", body)) == (400, "invalid_request")
