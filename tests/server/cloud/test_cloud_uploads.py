"""Uploads: visible only when complete and as declared; whatever arrives before, after, twice or wrong changes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from harness.cloud_server import PUBLIC, World, bytes_of, content_digest, problem, sha256, split

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import PACKAGE_BYTES, UPLOAD_HOURS, UPLOAD_PART_BYTES

pytestmark = pytest.mark.anyio

SMALL = bytes_of(1000)
LARGE = bytes_of(2 * UPLOAD_PART_BYTES + 4321)


async def test_what_was_uploaded_comes_back_byte_for_byte(world: World, subtests: pytest.Subtests) -> None:
    for length in [
        1,
        1000,
        UPLOAD_PART_BYTES - 1,
        UPLOAD_PART_BYTES,
        UPLOAD_PART_BYTES + 1,
        2 * UPLOAD_PART_BYTES,
        len(LARGE),
    ]:
        with subtests.test(length=length):
            content = bytes_of(length)
            report_id = await world.upload(content)
            answer = await world.download(report_id)
            assert answer.status_code == 200
            assert answer.content == content


async def test_the_receipt_says_what_is_stored_to_the_user_server_that_asked(world: World) -> None:
    report_id = new_identifier()
    until = int((world.clock.now() + timedelta(days=3)).timestamp())
    await world.begin(report_id, len(SMALL), until=until)
    await world.put(report_id, 0, SMALL)
    receipt = (await world.complete(report_id, sha256(SMALL))).json()["receipt"]
    claims = await world.receipt_claims(receipt)
    del claims["iat"]
    assert claims == {
        "iss": f"{PUBLIC}/cloud/au",
        "aud": f"{PUBLIC}/users",
        "rid": report_id,
        "size": len(SMALL),
        "sha256": sha256(SMALL),
        "until": until,
    }


async def test_parts_may_come_in_any_order_and_at_the_same_time(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    answers = await asyncio.gather(
        *(world.put(report_id, index, part) for index, part in reversed(list(enumerate(split(LARGE)))))
    )
    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert (await world.complete(report_id, sha256(LARGE))).status_code == 201
    assert (await world.download(report_id)).content == LARGE


async def test_an_upload_is_resumed_with_the_parts_that_are_missing(world: World) -> None:
    report_id = new_identifier()
    first = await world.begin(report_id, len(LARGE))
    assert (first.status_code, first.json()["parts"]) == (201, [])
    await world.put(report_id, 2, split(LARGE)[2])
    again = await world.begin(report_id, len(LARGE))
    assert again.status_code == 200
    assert again.json() == {
        "report_id": report_id,
        "size": len(LARGE),
        "part_size": UPLOAD_PART_BYTES,
        "parts": [2],
    }
    assert (await world.upload_state(report_id)).json() == again.json()


async def test_a_part_sent_again_counts_once_and_the_last_one_counts(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    await world.put(report_id, 1, bytes_of(UPLOAD_PART_BYTES, seed=9))
    for index, part in enumerate(split(LARGE)):
        for _ in range(2):
            assert (await world.put(report_id, index, part)).status_code == 204
    assert (await world.complete(report_id, sha256(LARGE))).status_code == 201
    assert (await world.download(report_id)).content == LARGE


async def test_completing_again_gives_the_same_receipt(world: World) -> None:
    report_id = await world.upload(SMALL)
    answers = [await world.complete(report_id, sha256(SMALL)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


async def test_of_racing_completions_all_get_one_receipt(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    for index, part in enumerate(split(LARGE)):
        await world.put(report_id, index, part)
    answers = await asyncio.gather(*(world.complete(report_id, sha256(LARGE)) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    assert (await world.download(report_id)).content == LARGE


async def test_of_racing_beginnings_one_is_new_and_all_are_the_same_upload(world: World) -> None:
    report_id = new_identifier()
    answers = await asyncio.gather(*(world.begin(report_id, len(SMALL)) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    await world.put(report_id, 0, SMALL)
    assert (await world.complete(report_id, sha256(SMALL))).status_code == 201


async def test_a_client_that_lost_the_answer_of_complete_can_go_through_it_all_again(world: World) -> None:
    report_id = await world.upload(LARGE)
    again = await world.begin(report_id, len(LARGE))
    assert (again.status_code, again.json()["parts"]) == (200, [0, 1, 2])
    assert (await world.complete(report_id, sha256(LARGE))).status_code == 201


async def test_nothing_is_visible_before_it_is_complete(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(SMALL))
    assert problem(await world.download(report_id)) == (404, "not_found")
    await world.put(report_id, 0, SMALL)
    assert problem(await world.download(report_id)) == (404, "not_found")
    assert problem(await world.complete(report_id, sha256(b"something else"))) == (409, "upload_mismatch")
    assert problem(await world.download(report_id)) == (404, "not_found")


async def test_missing_parts_are_named_and_the_upload_goes_on(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    await world.put(report_id, 1, split(LARGE)[1])
    answer = await world.complete(report_id, sha256(LARGE))
    assert problem(answer) == (409, "upload_incomplete")
    assert answer.json()["missing"] == [0, 2]
    for index in (0, 2):
        await world.put(report_id, index, split(LARGE)[index])
    assert (await world.complete(report_id, sha256(LARGE))).status_code == 201


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["one part", "three parts"])
async def test_after_a_wrong_digest_the_upload_begins_again_from_nothing(world: World, content: bytes) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(content))
    for index, part in enumerate(split(content)):
        await world.put(report_id, index, part)
    assert problem(await world.complete(report_id, sha256(b""))) == (409, "upload_mismatch")
    assert problem(await world.upload_state(report_id)) == (404, "not_found")
    assert problem(await world.put(report_id, 0, split(content)[0])) == (404, "not_found")
    await world.upload(content, report_id)
    assert (await world.download(report_id)).content == content


async def test_a_completed_package_cannot_be_changed(world: World) -> None:
    report_id = await world.upload(SMALL)
    other = bytes_of(len(SMALL), seed=1)
    assert problem(await world.put(report_id, 0, other)) == (409, "conflict")
    assert problem(await world.complete(report_id, sha256(other))) == (409, "upload_mismatch")
    assert problem(await world.begin(report_id, len(SMALL) + 1)) == (409, "conflict")
    assert problem(await world.abort(report_id)) == (409, "conflict")
    assert (await world.download(report_id)).content == SMALL


async def test_an_aborted_upload_leaves_nothing_and_may_begin_again(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    await world.put(report_id, 0, split(LARGE)[0])
    assert (await world.abort(report_id)).status_code == 204
    assert (await world.abort(report_id)).status_code == 204
    assert problem(await world.upload_state(report_id)) == (404, "not_found")
    again = await world.begin(report_id, len(SMALL))
    assert (again.status_code, again.json()["parts"]) == (201, [])


async def test_an_upload_that_takes_too_long_is_over_by_the_clock(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    await world.put(report_id, 0, split(LARGE)[0])
    world.clock.move(timedelta(hours=UPLOAD_HOURS, seconds=-30))
    assert (await world.upload_state(report_id)).json()["parts"] == [0]
    world.clock.move(timedelta(seconds=60))
    assert problem(await world.put(report_id, 1, split(LARGE)[1])) == (404, "not_found")
    assert (await world.begin(report_id, len(SMALL))).status_code == 201


SIZES = {
    "nothing": (0, 400, "invalid_request"),
    "less than nothing": (-1, 400, "invalid_request"),
    "one more than the limit": (PACKAGE_BYTES + 1, 413, "limit_exceeded"),
    "beyond 64 bits": (2**70, 413, "limit_exceeded"),
    "a text": ("large", 400, "invalid_request"),
    "a fraction": (1000.5, 400, "invalid_request"),
    "a truth": (True, 400, "invalid_request"),
    "null": (None, 400, "invalid_request"),
}


async def test_sizes_that_are_refused(files_world: World, subtests: pytest.Subtests) -> None:
    for case, (size, status, code) in SIZES.items():
        with subtests.test(case):
            assert problem(await files_world.begin(new_identifier(), size)) == (status, code)  # type: ignore[arg-type]


async def test_no_more_bytes_than_the_grant_says(files_world: World) -> None:
    report_id = new_identifier()
    assert problem(await files_world.begin(report_id, 1001, claims={"size": 1000})) == (413, "limit_exceeded")
    assert (await files_world.begin(report_id, 1000, claims={"size": 1000})).status_code == 201


async def test_the_largest_package_can_begin(world: World) -> None:
    assert (await world.begin(new_identifier(), PACKAGE_BYTES)).status_code == 201


BODIES = {
    "no body": (b"", "application/json"),
    "not JSON": (b"size=1000", "application/json"),
    "cut off": (b'{"size": 10', "application/json"),
    "a list": (b"[1000]", "application/json"),
    "another field": (b'{"size": 1000, "until": 1}', "application/json"),
    "no field": (b"{}", "application/json"),
    "a form": (b'{"size": 1000}', "application/x-www-form-urlencoded"),
    "text": (b'{"size": 1000}', "text/plain"),
    "no type": (b'{"size": 1000}', ""),
    "not UTF-8": (b'{"size": "\xff"}', "application/json"),
}


async def test_bodies_that_are_refused(files_world: World, subtests: pytest.Subtests) -> None:
    for case, (body, kind) in BODIES.items():
        with subtests.test(case):
            report_id = new_identifier()
            headers = files_world.grant("package.upload", report_id) | {"Content-Type": kind}
            answer = await files_world.client.post(f"/cloud/au/v1/uploads/{report_id}", content=body, headers=headers)
            assert problem(answer) == (400, "invalid_request")


PARTS = {
    "too short": (0, bytes_of(UPLOAD_PART_BYTES - 1), None, 400, "invalid_request"),
    "empty": (0, b"", None, 400, "invalid_request"),
    "longer than a part": (0, bytes_of(UPLOAD_PART_BYTES + 1), None, 413, "limit_exceeded"),
    "the last one too short": (2, split(LARGE)[2][:-1], None, 400, "invalid_request"),
    "the last one too long": (2, split(LARGE)[2] + b"\0", None, 400, "invalid_request"),
    "a whole part as the last one": (2, split(LARGE)[0], None, 400, "invalid_request"),
    "past the end": (3, split(LARGE)[0], None, 400, "invalid_request"),
    "before the beginning": (-1, split(LARGE)[0], None, 400, "invalid_request"),
    "far past the end": (2**64, split(LARGE)[0], None, 400, "invalid_request"),
    "another digest": (0, split(LARGE)[0], content_digest(b"other"), 409, "upload_mismatch"),
}


async def test_parts_that_are_refused(world: World, subtests: pytest.Subtests) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    for case, (index, part, digest, status, code) in PARTS.items():
        with subtests.test(case):
            assert problem(await world.put(report_id, index, part, digest)) == (status, code)
            assert (await world.upload_state(report_id)).json()["parts"] == []


DIGESTS = {
    "missing": None,
    "empty": "",
    "of another kind": "sha-512=:" + "A" * 86 + "==:",
    "hex": "sha-256=" + sha256(SMALL),
    "base64 without colons": content_digest(SMALL).replace(":", ""),
    "not base64": "sha-256=:&&&:",
    "too short": "sha-256=:AAAA:",
    "only colons": "sha-256=::",
    "one colon": "sha-256=:",
}


async def test_content_digests_that_are_refused(files_world: World, subtests: pytest.Subtests) -> None:
    report_id = new_identifier()
    await files_world.begin(report_id, len(SMALL))
    for case, digest in DIGESTS.items():
        with subtests.test(case):
            headers = files_world.grant("package.upload", report_id) | (
                {"Content-Digest": digest} if digest is not None else {}
            )
            answer = await files_world.client.put(
                f"/cloud/au/v1/uploads/{report_id}/parts/0", content=SMALL, headers=headers
            )
            assert problem(answer) == (400, "invalid_request")
            assert answer.json()["field"] == "Content-Digest"


async def test_another_digest_beside_sha256_is_passed_over(files_world: World) -> None:
    report_id = new_identifier()
    await files_world.begin(report_id, len(SMALL))
    digest = f"sha-512=:AAAA:, {content_digest(SMALL)}"
    assert (await files_world.put(report_id, 0, SMALL, digest)).status_code == 204


WRONG_DIGESTS = {
    "upper case": sha256(SMALL).upper(),
    "too short": sha256(SMALL)[:-1],
    "with a line break": sha256(SMALL) + "\n",
    "not hex": "x" * 64,
    "empty": "",
}


async def test_what_is_not_a_sha256_does_not_cost_the_upload(files_world: World, subtests: pytest.Subtests) -> None:
    for case, digest in WRONG_DIGESTS.items():
        with subtests.test(case):
            report_id = new_identifier()
            await files_world.begin(report_id, len(SMALL))
            await files_world.put(report_id, 0, SMALL)
            assert problem(await files_world.complete(report_id, digest)) == (400, "invalid_request")
            assert (await files_world.complete(report_id, sha256(SMALL))).status_code == 201


async def test_what_was_never_begun_is_not_there(world: World) -> None:
    report_id = new_identifier()
    assert problem(await world.upload_state(report_id)) == (404, "not_found")
    assert problem(await world.put(report_id, 0, SMALL)) == (404, "not_found")
    assert problem(await world.complete(report_id, sha256(SMALL))) == (404, "not_found")
    assert problem(await world.download(report_id)) == (404, "not_found")
    assert (await world.abort(report_id)).status_code == 204
