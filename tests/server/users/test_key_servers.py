"""An institution's own key server: permitted by the operator, allowed and chosen by the institution, remembered by the report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from harness.user_server import Caller, World, on_each_database, problem, running_world

from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users.db.models import Institution, Report

pytestmark = pytest.mark.anyio

OWN = "http://localhost:8000/keys"
HOUSE = "https://keys.royal.example/keys"
OTHER = "https://keys.elsewhere.example"


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A user server whose operator permits two key servers besides its own."""
    async with running_world(tmp_path, database_url, allowed_key_servers=(HOUSE, OTHER)) as world:
        yield world


async def house(world: World) -> tuple[Caller, Caller]:
    """An administrator and a member of an institution that has its keys made in its own house."""
    admin = await world.person("Admin", institution="Royal", role=Role.ADMINISTRATOR)
    member = await world.person("Ada", institution="Royal")
    answer = await admin.patch("/v1/institution", {"key_servers": [HOUSE], "key_server": HOUSE})
    assert answer.status_code == 200, answer.text
    return admin, member


def audience(grant: dict[str, Any]) -> tuple[str, str]:
    """Where a grant is to be shown, and whom it is for."""
    return grant["url"], jwt.decode(grant["grant"], options={"verify_signature": False})["aud"]


async def begun(sender: Caller, *recipients: Caller) -> Any:
    answer = await sender.post("/v1/reports", {"recipients": [each.email for each in recipients]})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_keys_of_new_reports_are_made_at_the_chosen_server(world: World) -> None:
    _, ada = await house(world)
    bo = await world.person("Bo")
    draft = await begun(ada, bo)
    assert audience(draft["keyserver"]) == (HOUSE, HOUSE)
    again = (await ada.post(f"/v1/reports/{draft['report_id']}/grants", {"action": "key.create"})).json()
    assert audience(again) == (HOUSE, HOUSE)
    assert (await world.deliver(ada, draft["report_id"])).json()["keyserver_url"] == HOUSE
    (arrived,) = (await bo.get("/v1/reports")).json()["reports"]
    assert arrived["keyserver_url"] == HOUSE
    assert (await bo.post("/v1/tokens", {"audience": HOUSE})).status_code == 200


async def test_people_of_other_institutions_go_on_with_picsafe_s_own(world: World) -> None:
    _, ada = await house(world)
    bo, cy = await world.person("Bo"), await world.person("Cy", institution="Elsewhere")
    for sender in (bo, cy):
        draft = await begun(sender, ada)
        assert audience(draft["keyserver"]) == (OWN, OWN)


async def test_a_report_keeps_its_key_server_when_the_institution_chooses_another(world: World) -> None:
    admin, ada = await house(world)
    bo = await world.person("Bo")
    report_id = await world.report(ada, bo)
    assert (await admin.patch("/v1/institution", {"key_server": OWN})).json()["key_server"] == OWN
    assert (await bo.get(f"/v1/reports/{report_id}")).json()["keyserver_url"] == HOUSE
    assert audience((await begun(ada, bo))["keyserver"]) == (OWN, OWN)


async def test_withdrawing_takes_the_key_back_where_it_is(world: World) -> None:
    _, ada = await house(world)
    report_id = await world.report(ada, await world.person("Bo"))
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    revoked = [claims["aud"] for _, _, claims in world.fake_servers.calls if claims["act"] == "key.revoke"]
    assert revoked == [HOUSE]


async def test_a_withdrawal_waits_for_an_institution_s_server_that_is_away(world: World) -> None:
    _, ada = await house(world)
    report_id = await world.report(ada, await world.person("Bo"))
    world.fake_servers.are_away = True
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    world.fake_servers.are_away = False
    world.clock.move(timedelta(minutes=1))
    assert (await world.users.sweep())["withdrawal calls made"] == 2
    assert HOUSE in [claims["aud"] for _, _, claims in world.fake_servers.calls]


@pytest.mark.parametrize(
    "change", [{"key_servers": ["https://keys.evil.example"]}, {"key_server": "https://keys.evil.example"}]
)
async def test_what_the_operator_does_not_permit_is_refused(world: World, change: dict[str, Any]) -> None:
    admin, _ = await house(world)
    before = (await admin.get("/v1/institution")).json()
    answer = await admin.patch("/v1/institution", {"retention_days": 4} | change)
    assert problem(answer) == (403, "key_server_not_permitted")
    assert answer.json()["keyserver_url"] == "https://keys.evil.example"
    assert answer.json()["advice"] == "Ask the operator of this PicSafe to permit it."
    assert (await admin.get("/v1/institution")).json() == before


@pytest.mark.parametrize("change", [{"key_servers": []}, {"key_servers": [OTHER]}, {"key_server": OTHER}])
async def test_members_are_always_allowed_to_ask_where_their_keys_are_made(
    world: World, change: dict[str, Any]
) -> None:
    admin, _ = await house(world)
    assert problem(await admin.patch("/v1/institution", change)) == (409, "conflict")
    assert (await admin.get("/v1/institution")).json()["key_server"] == HOUSE


async def test_nobody_is_sent_a_report_that_their_institution_does_not_let_them_open(world: World) -> None:
    _, ada = await house(world)
    bo, cy = await world.person("Bo"), await world.person("Cy", institution="Elsewhere", role=Role.ADMINISTRATOR)
    answer = await ada.post("/v1/reports", {"recipients": [bo.email, cy.email]})
    assert problem(answer) == (403, "key_server_not_allowed")
    assert cy.email in answer.json()["detail"]
    assert bo.email not in answer.json()["detail"]
    await cy.patch("/v1/institution", {"key_servers": [HOUSE]})
    assert audience((await begun(ada, bo, cy))["keyserver"]) == (HOUSE, HOUSE)


async def test_keys_are_not_made_elsewhere_when_the_operator_takes_the_permission_back(world: World) -> None:
    admin, ada = await house(world)
    async with world.users.services.database.writing() as session:
        row = await session.get_one(Institution, world.institutions["Royal"])
        row.key_servers, row.key_server = ["https://keys.once.example"], "https://keys.once.example"
    answer = await ada.post("/v1/reports", {"recipients": [admin.email]})
    assert problem(answer) == (403, "key_server_not_permitted")
    policy = (await admin.get("/v1/institution")).json()
    assert (policy["key_server"], policy["key_servers"]) == ("https://keys.once.example", [])
    assert "https://keys.once.example" not in (await ada.get("/v1/me")).json()["key_servers"]
    assert (await admin.patch("/v1/institution", {"key_servers": [], "key_server": OWN})).status_code == 200
    assert audience((await begun(ada, admin))["keyserver"]) == (OWN, OWN)


@on_each_database
async def test_reports_from_before_the_choice_existed_have_their_key_at_picsafe_s_own(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    async with world.users.services.database.writing() as session:
        (await session.get_one(Report, report_id)).key_server = None
    assert (await bo.get(f"/v1/reports/{report_id}")).json()["keyserver_url"] == OWN
    await ada.delete(f"/v1/reports/{report_id}")
    assert OWN in [claims["aud"] for _, _, claims in world.fake_servers.calls]
