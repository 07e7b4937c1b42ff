"""A sender takes a report back: at once here, and at the other servers as soon as they can be reached."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from harness.user_server import World, ids, on_each_database, on_sqlite, problem, somebody
from sqlalchemy import func, select

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.users.db.models import WITHDRAWN, MailboxEntry, Report, WithdrawalCall
from picsafe_server.users.reports import withdrawals

pytestmark = pytest.mark.anyio


async def owed(world: World) -> int:
    async with world.users.services.database.reading() as session:
        return (await session.scalars(select(func.count()).select_from(WithdrawalCall))).one()


def calls(world: World) -> list[tuple[str, str, str]]:
    return sorted((method, path, claims["act"]) for method, path, claims in world.fake_servers.calls)


def both(report_id: str, region: str = "au") -> list[tuple[str, str, str]]:
    return [
        ("DELETE", f"/cloud/{region}/v1/packages/{report_id}", "package.delete"),
        ("POST", f"/keys/v1/reports/{report_id}/revoke", "key.revoke"),
    ]


async def test_the_key_is_revoked_and_the_ciphertext_deleted(world: World) -> None:
    ada, bo = await world.person("Ada", "DE"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    assert calls(world) == both(report_id, "de")
    assert await owed(world) == 0
    by_action: dict[str, dict[str, Any]] = {claims["act"]: claims for _, _, claims in world.fake_servers.calls}
    revoke, delete = by_action["key.revoke"], by_action["package.delete"]
    assert (revoke["aud"], revoke["sub"], revoke["rid"]) == ("http://localhost:8000/keys", ada.id, report_id)
    assert (revoke["name"], revoke["email"]) == ("Ada", ada.email)
    assert (delete["aud"], delete["rid"]) == ("http://localhost:8000/cloud/de", report_id)
    assert "email" not in delete
    assert (await bo.get(f"/v1/reports/{report_id}")).json()["state"] == "withdrawn"
    assert ids(await bo.get("/v1/reports/new")) == []


@on_each_database
async def test_the_recipient_keeps_the_row_until_its_time_is_over(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo", institution="Royal")
    report_id, other = await world.report(ada, bo), await world.report(ada, bo)
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    rows = {row["id"]: row for row in (await bo.get("/v1/reports")).json()["reports"]}
    assert set(rows) == {report_id, other}
    assert (rows[report_id]["state"], rows[report_id]["sender"]["name"]) == ("withdrawn", "Ada")
    assert rows[report_id]["withdrawn_at"] is not None
    assert rows[other]["withdrawn_at"] is None
    world.clock.move(timedelta(days=7))
    bo = await world.sign_in(bo.email)
    assert ids(await bo.get("/v1/reports")) == [], "before the sweep"
    await world.users.sweep()
    async with world.users.services.database.reading() as session:
        left = await session.scalars(select(MailboxEntry.audience).where(MailboxEntry.report_id == report_id))
        assert list(left) == [f"sent:{ada.id}"]


async def test_a_withdrawn_draft_is_announced_to_nobody_else(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.draft(ada, bo)
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    assert calls(world) == both(report_id)
    assert problem(await bo.get(f"/v1/reports/{report_id}")) == (404, "not_found")


async def test_doing_it_again_changes_nothing(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.report(ada, ada)
    for _ in range(3):
        assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    assert calls(world) == both(report_id)


async def test_only_the_sender_can(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    for wrong in (report_id, somebody(), "nonsense"):
        assert problem(await bo.delete(f"/v1/reports/{wrong}")) == (404, "not_found")
    assert (await bo.get(f"/v1/reports/{report_id}")).json()["state"] == "available"


async def test_what_is_over_cannot_be_withdrawn(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.report(ada, ada)
    world.clock.move(timedelta(days=7))
    ada = await world.sign_in(ada.email)
    assert problem(await ada.delete(f"/v1/reports/{report_id}")) == (410, "report_expired")


@on_each_database
async def test_servers_that_are_away_are_asked_until_they_answer(world: World) -> None:
    ada, bo = await world.person("Ada"), await world.person("Bo")
    report_id = await world.report(ada, bo)
    world.fake_servers.are_away = True
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    assert problem(await bo.post(f"/v1/reports/{report_id}/grants", {"action": "package.download"})) == (
        410,
        "key_revoked",
    )
    assert await owed(world) == 2
    for minutes in (1, 2, 4, 8, 15):
        world.clock.move(timedelta(minutes=minutes))
        assert (await world.users.sweep())["withdrawal calls made"] == 0
        assert await owed(world) == 2
    world.fake_servers.are_away = False
    assert (await world.users.sweep())["withdrawal calls made"] == 0, "each attempt waits for its turn"
    world.clock.move(timedelta(minutes=15))
    assert (await world.users.sweep())["withdrawal calls made"] == 2
    assert calls(world) == both(report_id)
    assert await owed(world) == 0


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 500, 503])
@on_sqlite
async def test_a_refusal_is_no_success(world: World, status: int) -> None:
    ada = await world.person("Ada")
    report_id = await world.report(ada, ada)
    world.fake_servers.answer_with = status
    assert (await ada.delete(f"/v1/reports/{report_id}")).status_code == 204
    assert await owed(world) == 2


@on_sqlite
async def test_what_is_gone_already_is_done(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.report(ada, ada)
    world.fake_servers.answer_with = 410
    await ada.delete(f"/v1/reports/{report_id}")
    assert await owed(world) == 0


async def test_after_its_time_nobody_needs_to_be_asked(world: World) -> None:
    ada = await world.person("Ada")
    report_id = await world.report(ada, ada)
    world.fake_servers.are_away = True
    await ada.delete(f"/v1/reports/{report_id}")
    world.clock.move(timedelta(days=7))
    assert (await world.users.sweep())["withdrawal calls made"] == 2
    assert world.fake_servers.calls == []
    assert await owed(world) == 0


async def owe_revocations(world: World, sender_id: str, count: int) -> None:
    """Reports that are withdrawn, with keys that the key server has not taken back yet."""
    now = world.clock.now()
    async with world.users.services.database.writing() as session:
        for _ in range(count):
            report = Report(
                id=new_identifier(), sender_id=sender_id, region="au", state=WITHDRAWN, created_at=now,
                expires_at=now + timedelta(days=7), withdrawn_at=now,
            )  # fmt: skip
            session.add(report)
            await session.flush()
            session.add(WithdrawalCall(report_id=report.id, action="key.revoke", next_at=now))


async def test_a_key_server_that_hangs_holds_up_no_other_server(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawals, "_CALL_SECONDS", 60.0)
    ada, bo = await world.person("Ada"), await world.person("Bo", "DE")
    await owe_revocations(world, ada.id, 45)
    world.clock.move(timedelta(minutes=1))
    report_id = await world.report(bo, ada)
    world.fake_servers.are_away = True
    await bo.delete(f"/v1/reports/{report_id}")
    world.clock.move(timedelta(minutes=1))
    world.fake_servers.are_away = False
    world.fake_servers.key_server_answers.clear()
    one_round = asyncio.create_task(world.users.services.withdrawals.make_all_calls())
    async with asyncio.timeout(20):
        while both(report_id, "de")[0] not in calls(world):
            await asyncio.sleep(0.01)
    assert not one_round.done()
    world.fake_servers.key_server_answers.set()
    assert await one_round == 47
    assert await owed(world) == 0


@on_sqlite
async def test_a_server_that_hangs_takes_its_share_of_a_round_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "_CALL_SECONDS", 0.05)
    monkeypatch.setattr(withdrawals, "_SERVER_SECONDS", 0)
    ada = await world.person("Ada")
    await owe_revocations(world, ada.id, 45)
    world.fake_servers.key_server_answers.clear()
    begun = []
    for _ in range(3):
        assert (await world.users.sweep())["withdrawal calls made"] == 0
        begun.append(len({path for _, path, _ in world.fake_servers.calls}))
    assert begun == [20, 40, 45], "those that were not asked for in a round are first in the next"
