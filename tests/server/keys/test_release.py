"""A key is given to those whom the report was sent to, and to nobody else; and never without an entry in the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from harness.key_server import OTHER_USERS, UNTRUSTED_USERS, WEEK, Someone, World, code, raw_key

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_server.keys.policy import Caller, predates_access

pytestmark = pytest.mark.anyio

CLINIC, HOSPITAL = new_identifier(), new_identifier()
MEMBER = Someone("Mia", institution=CLINIC, role="member")
ADMINISTRATOR = Someone("Ann", institution=CLINIC, role="administrator")
SERVICE = Someone("Sync", institution=CLINIC, role="service")
STRANGER = Someone("Eve")


async def test_sender_and_recipient_are_given_the_same_key(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    assert len(raw_key(sent.key)) == 32
    for who in (ada, bo):
        answer = await world.open(who, sent)
        assert answer.status_code == 200, answer.text
        assert answer.json()["key"] == sent.key


async def test_every_report_has_a_key_of_its_own(sqlite_world: World, ada: Someone) -> None:
    keys = {(await sqlite_world.send(ada)).key for _ in range(20)}
    assert len(keys) == 20


async def test_log_has_each_event_with_who_when_from_where_and_why(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    await world.open(bo, sent, body={"reason": "ward round"})
    created, released = await world.log_of(sent)
    assert created["event"] == "created"
    assert released == {
        "index": 1,
        "time": released["time"],
        "event": "released",
        "result_code": None,
        "report_id": sent.report_id,
        "key_id": sent.key_id,
        "who": {"id": bo.id, "name": "Bo", "email": "bo@clinic.test", "institution": None},
        "from": "192.0.2.7",
        "reason": "ward round",
        "erased_at": None,
        "erased_by": None,
    }


async def test_policy_of_the_institution_decides(sqlite_world: World, subtests: pytest.Subtests) -> None:
    for roles, who, given in [
        ([], MEMBER, False),
        ([], SERVICE, False),
        ([], ADMINISTRATOR, False),
        (["service"], SERVICE, True),
        (["service"], MEMBER, False),
        (["service"], ADMINISTRATOR, False),
        (["service", "member"], MEMBER, True),
        (["service", "member"], ADMINISTRATOR, False),
        (["service", "member", "administrator"], ADMINISTRATOR, True),
        (["member"], Someone("Max", institution=HOSPITAL, role="member"), False),
        (["member"], Someone("Nil", institution=CLINIC, role=None), False),
        (["member"], Someone("Nil", institution=None, role="member"), False),
        (["member"], Someone("Mia", issuer=OTHER_USERS, institution=CLINIC, role="member"), False),
    ]:
        with subtests.test(roles=roles, who=who, given=given):
            sent = await sqlite_world.send(Someone("Ada"), access={"institutions": [{"id": CLINIC, "roles": roles}]})
            answer = await sqlite_world.open(who, sent)
            assert (answer.status_code, answer.json().get("code")) == ((200, None) if given else (403, "not_permitted"))


async def test_a_refusal_is_logged_with_its_reason(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    answer = await world.open(STRANGER, sent)
    assert (answer.status_code, code(answer)) == (403, "not_permitted")
    assert "key" not in answer.json()
    refused = (await world.log_of(sent))[-1]
    assert (refused["event"], refused["result_code"], refused["who"]["name"]) == ("refused", "not_permitted", "Eve")


async def test_somebody_of_the_same_number_at_another_user_server_is_somebody_else(
    world: World, ada: Someone, bo: Someone
) -> None:
    sent = await world.send(ada, bo)
    for impostor in (ada, bo):
        twin = Someone(impostor.name, issuer=OTHER_USERS, id=impostor.id)
        assert code(await world.open(twin, sent)) == "not_permitted"
    assert (await world.log_of(sent))[-1]["event"] == "refused"


async def test_key_is_gone_by_the_clock_before_any_sweep(world: World, ada: Someone, bo: Someone) -> None:
    sent = await world.send(ada, bo)
    world.clock.move(WEEK - timedelta(seconds=30))
    assert (await world.open(bo, sent)).status_code == 200
    world.clock.move(timedelta(seconds=30))
    answer = await world.open(bo, sent)
    assert (answer.status_code, code(answer)) == (410, "key_destroyed")
    assert (await world.log_of(sent))[-1]["result_code"] == "key_destroyed"


async def test_a_stranger_does_not_learn_that_a_key_is_gone(sqlite_world: World, ada: Someone) -> None:
    sent = await sqlite_world.send(ada)
    await sqlite_world.revoke(ada, sent)
    assert code(await sqlite_world.open(STRANGER, sent)) == "not_permitted"


BAD_TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "for another server": ({"audience": "https://keys.test"}, "audience"),
    "for the server with a slash more": ({"audience": "https://keys.test/keys/"}, "audience"),
    "for several servers, ours among them": ({"audience": ["https://keys.test/keys"]}, "audience"),
    "a grant": ({"kind": "picsafe-grant+jwt"}, "type"),
    "a receipt": ({"kind": "picsafe-receipt+jwt"}, "type"),
    "a plain JWT": ({"kind": "JWT"}, "type"),
    "expired": ({"seconds": -limits.CLOCK_LEEWAY_SECONDS}, "expired"),
    "without an end": ({"seconds": None}, "malformed"),
    "from the future": ({"iat": 4_000_000_000}, "clock"),
    "without a beginning": ({"iat": None}, "malformed"),
    "nobody's": ({"sub": None}, "malformed"),
    "of a number that is none": ({"sub": "../../etc"}, "malformed"),
    "of an endless number": ({"sub": "a" * 65}, "malformed"),
    "without a name": ({"name": None}, "malformed"),
    "with a role that is a list": ({"role": ["administrator"]}, "malformed"),
    "of an untrusted user server": ({"iss": UNTRUSTED_USERS}, "issuer"),
    "of the key server itself": ({"iss": "https://keys.test/keys"}, "issuer"),
    "in the name of another user server": ({"iss": OTHER_USERS}, "key"),
}


async def test_no_key_for_a_token_that_is(sqlite_world: World, ada: Someone, subtests: pytest.Subtests) -> None:
    sent = await sqlite_world.send(ada)
    for case, (changes, reason) in BAD_TOKENS.items():
        with subtests.test(case):
            answer = await sqlite_world.open(ada, sent, **changes)
            assert (answer.status_code, code(answer), answer.json()["reason"]) == (401, "token_refused", reason)
            assert len(await sqlite_world.log_of(sent)) == 1


BAD_REQUESTS: dict[str, tuple[dict[str, Any], int, str]] = {
    "of a key that is not there": ({"key_id": "a" * 26}, 404, "not_found"),
    "for another report": ({"report_id": "a" * 26}, 404, "not_found"),
    "of a number that is none": ({"key_id": "A" * 26}, 404, "not_found"),
    "of a number too short": ({"key_id": "a" * 25}, 404, "not_found"),
    "of a NUL": ({"key_id": "%00"}, 404, "not_found"),
    "of a path": ({"key_id": "..%2f..%2fkeys"}, 404, "not_found"),
    "for no report": ({"body": {"report_id": None}}, 400, "invalid_request"),
    "for an endless report": ({"report_id": "a" * 100_000}, 400, "invalid_request"),
    "with a field that is unknown": ({"body": {"master": 1}}, 400, "invalid_request"),
    "with a reason that is a number": ({"body": {"reason": 7}}, 400, "invalid_request"),
    "with a reason one letter too long": (
        {"body": {"reason": "x" * (limits.REASON_CHARACTERS + 1)}},
        400,
        "invalid_request",
    ),
    "with a NUL": ({"body": {"reason": "a\x00b"}}, 400, "invalid_request"),
    "with a line break": ({"body": {"reason": "a\r\nb"}}, 400, "invalid_request"),
    "of a megabyte": ({"body": {"reason": "x" * 1_000_000}}, 413, "limit_exceeded"),
}


async def test_no_key_for_a_request(sqlite_world: World, ada: Someone, subtests: pytest.Subtests) -> None:
    sent = await sqlite_world.send(ada)
    for case, (changes, status, expected) in BAD_REQUESTS.items():
        with subtests.test(case):
            answer = await sqlite_world.open(ada, sent, **changes)
            assert (answer.status_code, code(answer)) == (status, expected)
            assert len(await sqlite_world.log_of(sent)) == 1


async def test_a_reason_is_kept_as_it_was_given(world: World, ada: Someone, subtests: pytest.Subtests) -> None:
    sent = await world.send(ada)
    for reason in ["x" * limits.REASON_CHARACTERS, "Zweitmeinung, drängt – 創傷 🩹", ""]:
        with subtests.test(reason=reason):
            assert (await world.open(ada, sent, body={"reason": reason})).status_code == 200
            assert (await world.log_of(sent))[-1]["reason"] == reason


async def test_what_does_not_say_that_it_is_json_is_refused(
    sqlite_world: World, ada: Someone, subtests: pytest.Subtests
) -> None:
    sent = await sqlite_world.send(ada)
    for kind in ["text/plain", "application/x-www-form-urlencoded", "", None]:
        with subtests.test(kind=kind):
            headers = {"Authorization": f"Bearer {sqlite_world.users.user_token(ada)}"}
            answer = await sqlite_world.http.post(
                f"/keys/v1/keys/{sent.key_id}/release",
                headers=headers if kind is None else headers | {"Content-Type": kind},
                content=f'{{"report_id": "{sent.report_id}"}}',
            )
            assert (answer.status_code, code(answer)) == (400, "invalid_request")


async def test_names_that_a_database_refuses_are_logged_without_what_it_refuses(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    assert (await world.open(ada, sent, name="A\x00d\u001ba\ud800" + "x" * 500)).status_code == 200
    name = (await world.log_of(sent))[-1]["who"]["name"]
    assert name.startswith("Ada?xxx")
    assert len(name) == limits.NAME_CHARACTERS


async def test_a_flood_of_refusals_is_refused_but_not_all_of_it_logged(world: World, ada: Someone) -> None:
    sent = await world.send(ada)
    for _ in range(limits.REFUSALS_LOGGED + 5):
        assert code(await world.open(STRANGER, sent)) == "not_permitted"
    assert len(await world.log_of(sent)) == 1 + limits.REFUSALS_LOGGED
    await world.open(Someone("Mallory"), sent)
    assert (await world.log_of(sent))[-1]["who"]["name"] == "Mallory"
    assert (await world.role.sweep())["refusal_windows"] == 0
    world.clock.move(timedelta(seconds=limits.REFUSAL_WINDOW_SECONDS))
    await world.open(STRANGER, sent)
    assert (await world.log_of(sent))[-1]["who"]["name"] == "Eve"
    assert (await world.role.sweep())["refusal_windows"] == 1


async def test_a_flood_of_refusals_does_not_keep_its_sender_from_what_they_may_have(
    sqlite_world: World, ada: Someone, bo: Someone
) -> None:
    closed, open_to_bo = await sqlite_world.send(ada), await sqlite_world.send(ada, bo)
    for _ in range(limits.REFUSALS_LOGGED + 1):
        await sqlite_world.open(bo, closed)
    assert (await sqlite_world.open(bo, open_to_bo)).status_code == 200


async def test_keys_older_than_the_caller_s_beginning_are_refused(
    world: World, ada: Someone, subtests: pytest.Subtests
) -> None:
    for seconds, given in [(-5, True), (5, False), (3600, False)]:
        with subtests.test(seconds=seconds, given=given):
            sent = await world.send(ada, SERVICE)
            answer = await world.open(SERVICE, sent, since=world.clock.now().timestamp() + seconds)
            if not given:
                assert (answer.status_code, code(answer)) == (403, "sent_before")
            last = (await world.log_of(sent))[-1]
            assert (last["event"], last["result_code"]) == (("released", None) if given else ("refused", "sent_before"))


@pytest.mark.parametrize(("created_at", "refused"), [(999, True), (1000, False), (1001, False)])
def test_a_key_made_at_that_very_moment_is_given(created_at: int, refused: bool) -> None:
    caller = Caller("https://users.test/users", "a", "Ada", "ada@clinic.test", since=1000)
    assert predates_access(created_at, caller) is refused


async def test_the_sender_s_own_key_is_refused_after_a_reset_and_stays_open_to_others(
    sqlite_world: World, ada: Someone, bo: Someone
) -> None:
    sent = await sqlite_world.send(ada, bo)
    assert code(await sqlite_world.open(ada, sent, since=sqlite_world.clock.now().timestamp() + 1)) == "sent_before"
    assert (await sqlite_world.open(bo, sent)).status_code == 200


async def test_a_beginning_that_is_no_time_is_refused(
    sqlite_world: World, ada: Someone, subtests: pytest.Subtests
) -> None:
    sent = await sqlite_world.send(ada)
    for since in ["yesterday", True, -1, 1e300, [0]]:
        with subtests.test(since=since):
            assert code(await sqlite_world.open(ada, sent, since=since)) == "token_refused"
