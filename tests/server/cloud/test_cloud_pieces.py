"""The list of piece hashes beside a package: kept and served as its sender made it, and gone with the package."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from harness.cloud_server import World, bytes_of, problem, sha256, split

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import PACKAGE_BYTES
from picsafe_protocol.crypto.package_digest import HASH, PIECE, Pieces, hash_pieces, piece_count
from picsafe_protocol.format.composing import completion

pytestmark = pytest.mark.anyio

CONTENT = bytes_of(2 * PIECE + 321)
PIECES = Pieces(len(CONTENT), hash_pieces(CONTENT))
BODY: dict[str, Any] = completion(sha256(CONTENT), PIECES)


async def test_the_list_is_served_beside_its_package_and_signed_for_by_its_digest(world: World) -> None:
    report_id = await world.upload(CONTENT, body=BODY)
    for _ in range(2):  # an answer may be lost on its way, so completing may be repeated
        receipt = (await world.complete(report_id, sha256(CONTENT), body=BODY)).json()["receipt"]
        assert (await world.receipt_claims(receipt))["digest"] == PIECES.digest
    answer = await world.pieces(report_id)
    assert (answer.status_code, answer.content) == (200, PIECES.hashes)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_package_without_a_list_says_so(world: World) -> None:
    report_id = await world.upload(CONTENT)
    receipt = (await world.complete(report_id, sha256(CONTENT))).json()["receipt"]
    assert "digest" not in await world.receipt_claims(receipt)
    assert problem(await world.pieces(report_id)) == (404, "not_found")


async def test_a_list_of_another_length_is_refused_and_nothing_is_lost(
    files_world: World, subtests: pytest.Subtests
) -> None:
    for case, hashes in zip(
        ["empty", "half a hash", "truncated", "longer"],
        [b"", PIECES.hashes[:-1], PIECES.hashes[:-HASH], PIECES.hashes + bytes(HASH)],
        strict=True,
    ):
        with subtests.test(case):
            report_id = new_identifier()
            await files_world.begin(report_id, len(CONTENT))
            for index, part in enumerate(split(CONTENT)):
                await files_world.put(report_id, index, part)
            wrong = {"pieces": base64.b64encode(hashes).decode()}
            answer = await files_world.complete(report_id, sha256(CONTENT), body=wrong)
            assert problem(answer) == (400, "invalid_request")
            assert (await files_world.complete(report_id, sha256(CONTENT), body=BODY)).status_code == 201
            assert (await files_world.pieces(report_id)).content == PIECES.hashes


async def test_a_package_that_is_complete_takes_no_other_list(files_world: World) -> None:
    report_id = await files_world.upload(CONTENT, body=BODY)
    other = {"pieces": base64.b64encode(PIECES.hashes[::-1]).decode()}
    for body in (other, {}):
        again = await files_world.complete(report_id, sha256(CONTENT), body=body)
        assert problem(again) == (409, "upload_mismatch")
    assert (await files_world.pieces(report_id)).content == PIECES.hashes


@pytest.mark.parametrize("ended", ["withdrawn", "expired", "swept"])
async def test_the_list_goes_with_the_package(world: World, ended: str) -> None:
    report_id = await world.upload(CONTENT, body=BODY)
    if ended == "withdrawn":
        await world.delete(report_id)
    else:
        world.clock.move(timedelta(days=8))
        if ended == "swept":
            await world.role.sweep()
    assert (await world.pieces(report_id)).status_code == 410
    if ended != "expired":
        assert await world.role.regions["au"].ledger.pieces(report_id) is None


async def test_the_list_of_the_largest_package_fits_into_one_request(files_world: World) -> None:
    """Refused because the upload is not that large, not because of its own size."""
    report_id = await files_world.upload(CONTENT, body=BODY)
    largest = {"pieces": base64.b64encode(bytes(piece_count(PACKAGE_BYTES) * HASH)).decode()}
    assert problem(await files_world.complete(report_id, sha256(CONTENT), body=largest)) == (400, "invalid_request")
