"""The user server withdraws a report: it knows the report, not the key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from harness.key_server import OTHER_USERS, UNTRUSTED_USERS, Sent, Someone, World

from picsafe_protocol.contracts.identifiers import new_identifier

pytestmark = pytest.mark.anyio


async def withdraw(world: World, who: Someone, report_id: str, **changes: object) -> httpx.Response:
    action = str(changes.pop("action", "key.revoke"))
    granted = str(changes.pop("granted", report_id))
    body = changes.pop("body", {"report_id": report_id})
    grant = world.users.grant(who, action, granted, **changes)
    return await world.post(f"/keys/v1/reports/{report_id}/revoke", grant, body)


async def test_the_key_of_a_withdrawn_report_is_gone(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    assert (await withdraw(world, ada, sent.report_id)).status_code == 204
    answer = await world.open(bo, sent)
    assert (answer.status_code, answer.json()["code"]) == (410, "key_revoked")
    assert (await withdraw(world, ada, sent.report_id)).status_code == 204


async def test_a_report_that_is_withdrawn_before_it_has_a_key_never_gets_one(
    world: World, ada: Someone, bo: Someone
) -> None:
    report_id = new_identifier()
    for _ in range(2):
        assert (await withdraw(world, ada, report_id)).status_code == 204
    answer = await world.create(ada, report_id, access={"recipients": [bo.id]})
    assert (answer.status_code, answer.json()["code"]) == (410, "key_revoked")
    events = [entry["event"] for entry in await world.log_of(Sent(report_id, "", "", ada, {}))]
    assert events == ["revoked", "refused"]


async def test_what_withdraws_nothing(world: World, ada: Someone, bo: Someone, subtests: pytest.Subtests) -> None:
    sent = await world.send(ada, bo)
    refused: list[tuple[dict[str, Any], int]] = [
        ({"action": "key.create"}, 401),
        ({"action": "package.delete"}, 401),
        ({"granted": new_identifier()}, 401),
        ({"audience": "https://keys.test/other"}, 401),
        ({"seconds": -3600}, 401),
        ({"body": {}}, 400),
        ({"body": {"report_id": new_identifier()}}, 401),
    ]
    for changes, status in refused:
        with subtests.test(changes=changes, status=status):
            assert (await withdraw(world, ada, sent.report_id, **changes)).status_code == status
            assert (await world.open(bo, sent)).status_code == 200


async def test_another_user_server_s_report_of_the_same_number_is_left_alone(
    world: World, ada: Someone, bo: Someone
) -> None:
    sent = await world.send(ada, bo)
    for issuer in (OTHER_USERS, UNTRUSTED_USERS):
        await withdraw(world, Someone("Ada", issuer=issuer, id=ada.id), sent.report_id)
    assert (await world.open(bo, sent)).status_code == 200


async def test_a_user_token_is_no_grant(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    token = world.users.user_token(ada)
    answer = await world.post(f"/keys/v1/reports/{sent.report_id}/revoke", token, {"report_id": sent.report_id})
    assert answer.status_code == 401
    assert (await world.open(bo, sent)).status_code == 200
