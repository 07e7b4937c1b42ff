"""Uploads into S3: what is known of them need not be read back, what is not known is; and a store that hangs is one region's trouble."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from harness.cloud_server import World, bytes_of, content_digest, problem, running_world, sha256, split
from harness.s3_buckets import Bucket

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import MIB, UPLOAD_PART_BYTES
from picsafe_server.cloud.db.repository import upload_of
from picsafe_server.cloud.part_receiver import PARTS_IN_MEMORY, RECEIVED_BLOCK, Receiver
from picsafe_server.cloud.stores import s3
from picsafe_server.cloud.stores.progress import HELD_BYTES, Progress
from picsafe_server.cloud.stores.s3 import S3Store
from picsafe_server.cloud.stores.s3_bucket import connect
from picsafe_server.cloud.stores.threads import Threads

pytestmark = pytest.mark.anyio

LARGE = bytes_of(2 * UPLOAD_PART_BYTES + MIB)
_TWIN = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
    "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
)
"""The first published collision of MD5 (Wang and others, 2004) comes out by turning the highest bit of six of its bytes."""
MD5_TWINS = (_TWIN, bytes(byte ^ 0x80 if at in {19, 45, 59, 83, 109, 123} else byte for at, byte in enumerate(_TWIN)))


def store_of(world: World) -> S3Store:
    store = world.role.regions["au"].store
    assert isinstance(store, S3Store)
    return store


@contextmanager
def read_back(*worlds: World) -> Iterator[list[str]]:
    """The keys of what is read from the store meanwhile."""
    keys: list[str] = []

    def seen(params: dict[str, Any], **_: object) -> None:
        keys.append(params["Key"])

    for world in worlds:
        store_of(world)._bulk.meta.events.register("provide-client-params.s3.GetObject", seen)
    yield keys


def settings(bucket: Bucket) -> dict[str, Any]:
    return {"s3_buckets": {"au": bucket.name}, "s3_endpoint": bucket.endpoint}


@pytest.mark.s3
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 1, 0, 2, 0]])
async def test_what_came_through_one_process_is_not_read_back(bucket: Bucket, tmp_path: Path, order: list[int]) -> None:
    async with running_world(tmp_path, **settings(bucket)) as world:
        report_id = new_identifier()
        await world.begin(report_id, len(LARGE))
        with read_back(world) as keys:
            for index in order:
                assert (await world.put(report_id, index, split(LARGE)[index])).status_code == 204
            assert (await world.complete(report_id, sha256(LARGE))).status_code == 201
        assert keys == []
        assert (await world.download(report_id)).content == LARGE


@pytest.mark.s3
async def test_what_came_through_two_processes_is_read_back(bucket: Bucket, tmp_path: Path) -> None:
    async with (
        running_world(tmp_path, **settings(bucket)) as first,
        running_world(tmp_path, **settings(bucket)) as second,
    ):
        second.users.signers = first.users.signers
        for whole in (LARGE, LARGE[:-1] + b"?"):
            report_id = new_identifier()
            await first.begin(report_id, len(LARGE))
            for index, world in enumerate((first, second, first)):
                assert (await world.put(report_id, index, split(LARGE)[index])).status_code == 204
            with read_back(first, second) as keys:
                answer = await first.complete(report_id, sha256(whole))
            assert answer.status_code == (201 if whole == LARGE else 409)
            assert len(keys) == 1


@pytest.mark.s3
async def test_a_part_that_is_sent_again_with_other_bytes_is_not_taken_for_the_first(
    bucket: Bucket, tmp_path: Path
) -> None:
    changed = b"?" + LARGE[1:]
    async with running_world(tmp_path, **settings(bucket)) as world:
        for whole, status in ((changed, 201), (LARGE, 409)):
            report_id = new_identifier()
            await world.begin(report_id, len(LARGE))
            for index, part in enumerate(split(LARGE)):
                await world.put(report_id, index, part)
            await world.put(report_id, 0, split(changed)[0])
            assert (await world.complete(report_id, sha256(whole))).status_code == status


@pytest.mark.s3
async def test_attack_by_a_package_that_is_not_the_one_declared(bucket: Bucket, tmp_path: Path) -> None:
    async with running_world(tmp_path, **settings(bucket)) as world:
        for content in (LARGE, LARGE[:1000]):
            report_id = new_identifier()
            await world.begin(report_id, len(content))
            for index, part in enumerate(split(content)):
                await world.put(report_id, index, part)
            assert problem(await world.complete(report_id, sha256(b"another"))) == (409, "upload_mismatch")
            assert (await world.download(report_id)).status_code == 404
    assert bucket.objects() == []
    assert bucket.unfinished() == []


@pytest.mark.s3
async def test_a_part_that_changes_on_its_way_to_the_store_is_refused_by_it(bucket: Bucket, tmp_path: Path) -> None:
    async with running_world(tmp_path, **settings(bucket)) as world:
        report_id = new_identifier()
        await world.begin(report_id, len(LARGE))

        def flip(request: Any, **_: object) -> None:
            request.body = b"?" + b"".join(request.body)[1:]

        store_of(world)._bulk.meta.events.register("before-send.s3.UploadPart", flip)
        assert (await world.put(report_id, 0, split(LARGE)[0])).status_code == 503
        assert (await world.upload_state(report_id)).json()["parts"] == []


@pytest.mark.s3
@pytest.mark.parametrize("parts_in_memory", [PARTS_IN_MEMORY, 0])
async def test_a_part_with_another_digest_than_declared_is_its_senders_fault(
    bucket: Bucket, tmp_path: Path, parts_in_memory: int
) -> None:
    async with running_world(tmp_path, **settings(bucket)) as world:
        world.role.regions["au"].receiver._room = parts_in_memory
        for content in (LARGE, LARGE[:1000]):
            report_id = new_identifier()
            await world.begin(report_id, len(content))
            part = split(content)[0]
            wrong = await world.put(report_id, 0, b"?" + part[1:], digest=content_digest(part))
            assert problem(wrong) == (409, "upload_mismatch")
            assert (await world.upload_state(report_id)).json()["parts"] == []
            for index, each in enumerate(split(content)):
                assert (await world.put(report_id, index, each)).status_code == 204
            assert (await world.complete(report_id, sha256(content))).status_code == 201


@pytest.mark.s3
async def test_a_store_that_compares_no_digests_is_not_believed(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket does compare, so the probe that it should refuse is made an honest one on its way."""

    def accepted(params: dict[str, Any], **_: object) -> None:
        if "/uploads/probe" in params["url_path"]:
            params["body"] = io.BytesIO(b"probe")

    def connected(*arguments: Any, **options: Any) -> Any:
        client = connect(*arguments, **options)
        client.meta.events.register("before-call.s3.UploadPart", accepted)
        return client

    monkeypatch.setattr(s3, "connect", connected)
    async with running_world(tmp_path, **settings(bucket)) as world:
        for whole, status in ((LARGE, 201), (LARGE[:-1] + b"?", 409)):
            report_id = new_identifier()
            await world.begin(report_id, len(LARGE))
            parts = split(LARGE)
            wrong = await world.put(report_id, 0, b"?" + parts[0][1:], digest=content_digest(parts[0]))
            assert problem(wrong) == (409, "upload_mismatch")
            for index, part in enumerate(parts):
                assert (await world.put(report_id, index, part)).status_code == 204
            with read_back(world) as keys:
                assert (await world.complete(report_id, sha256(whole))).status_code == status
            assert len(keys) == 1


@pytest.mark.s3
async def test_looking_whether_a_store_compares_digests_leaves_nothing(bucket: Bucket, tmp_path: Path) -> None:
    async with running_world(tmp_path, **settings(bucket)) as world:
        store = store_of(world)
        assert store._compares_digests
        assert bucket.objects() == []


@pytest.mark.s3
async def test_a_part_is_sent_again_when_its_connection_to_the_store_breaks(bucket: Bucket, tmp_path: Path) -> None:
    broken: list[str] = []

    def breaks(request: Any, **_: object) -> None:
        if not broken:
            broken.append(request.url)
            raise ConnectionClosedError(endpoint_url=request.url)

    async with running_world(tmp_path, **settings(bucket)) as world:
        store_of(world)._bulk.meta.events.register_last("before-send.s3.UploadPart", breaks)
        report_id = new_identifier()
        await world.begin(report_id, len(LARGE))
        with read_back(world) as keys:
            for index, part in enumerate(split(LARGE)):
                assert (await world.put(report_id, index, part)).status_code == 204
            assert (await world.complete(report_id, sha256(LARGE))).status_code == 201
        assert (len(broken), keys) == (1, [])
        assert (await world.download(report_id)).content == LARGE


@pytest.mark.s3
async def test_a_part_whose_answer_never_came_is_not_taken_for_known(bucket: Bucket, tmp_path: Path) -> None:
    """The store has the part, and nobody here knows its ETag."""
    async with running_world(tmp_path, **settings(bucket)) as world:
        report_id = new_identifier()
        await world.begin(report_id, len(LARGE))

        def lost(**_: object) -> None:
            raise ReadTimeoutError(endpoint_url="store")

        events = store_of(world)._bulk.meta.events
        events.register("after-call.s3.UploadPart", lost)
        assert (await world.put(report_id, 0, split(LARGE)[0])).status_code == 503
        events.unregister("after-call.s3.UploadPart", lost)
        assert (await world.upload_state(report_id)).json()["parts"] == [0]
        for index in (1, 2):
            await world.put(report_id, index, split(LARGE)[index])
        with read_back(world) as keys:
            assert (await world.complete(report_id, sha256(LARGE))).status_code == 201
        assert len(keys) == 1


@pytest.mark.s3
async def test_attack_by_completing_twice_while_two_parts_share_an_etag(bucket: Bucket, tmp_path: Path) -> None:
    """One process knows the first twin, the other one stored the second. While the first waits between putting the package
    together and looking for others, the second completes the upload as well: it must not take away what the first looks for."""
    twins = [twin + LARGE[len(twin) :] for twin in MD5_TWINS]
    together, go_on = threading.Event(), threading.Event()
    async with (
        running_world(tmp_path, **settings(bucket)) as first,
        running_world(tmp_path, **settings(bucket)) as second,
    ):
        second.users.signers = first.users.signers
        report_id = new_identifier()
        await first.begin(report_id, len(LARGE))
        for index, part in enumerate(split(twins[0])):
            await first.put(report_id, index, part)
        assert (await second.put(report_id, 0, split(twins[1])[0])).status_code == 204

        def wait(**_: object) -> None:
            together.set()
            go_on.wait(30)

        store_of(first)._patient.meta.events.register("after-call.s3.CompleteMultipartUpload", wait)
        completing = asyncio.create_task(first.complete(report_id, sha256(twins[0])))
        assert await asyncio.to_thread(together.wait, 30)
        package = await second.role.regions["au"].ledger.find(report_id)
        assert package is not None
        await store_of(second).publish(upload_of(package), sha256(twins[1]))
        go_on.set()
        assert problem(await completing) == (409, "upload_mismatch")


def test_attack_by_uploads_that_lack_their_first_part() -> None:
    """What waits for such a part would keep all room from the uploads of others, which would have to be read back."""
    part = [LARGE[:UPLOAD_PART_BYTES]]
    progress = Progress()
    for name in ("stuck", "other"):
        progress.begin(name)
    for index in range(1, HELD_BYTES // UPLOAD_PART_BYTES + 1):
        assert progress.sending("stuck", index, b"")
        progress.add("stuck", index, f"etag {index}", part)
    for index in (1, 0):
        assert progress.sending("other", index, b"")
        progress.add("other", index, f"etag {index}", part)
    assert progress.whole("other", ["etag 0", "etag 1"]) == sha256(part[0] * 2)
    assert not progress.knows("stuck")


async def test_attack_by_a_part_in_tiny_pieces(tmp_path: Path) -> None:
    """An object for every few bytes would take ten times the memory of the part."""
    receiver = Receiver(tmp_path, Threads(), parts_in_memory=1)

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, MIB, 3):
            yield LARGE[start : min(start + 3, MIB)]

    async with receiver.received(body(), MIB, b"") as part:
        assert isinstance(part.content, list)
        assert b"".join(part.content) == LARGE[:MIB]
        assert len(part.content) <= MIB // RECEIVED_BLOCK + 1


@pytest.mark.s3
async def test_parts_for_which_memory_has_no_room_arrive_as_well(bucket: Bucket, tmp_path: Path) -> None:
    async with running_world(tmp_path, **settings(bucket)) as world:
        receiver = world.role.regions["au"].receiver
        receiver._room = 1
        report_id = new_identifier()
        await world.begin(report_id, len(LARGE))
        parts = split(LARGE)
        with read_back(world) as keys:
            answers = await asyncio.gather(*(world.put(report_id, index, part) for index, part in enumerate(parts)))
            assert [answer.status_code for answer in answers] == [204] * len(parts)
            assert (await world.complete(report_id, sha256(LARGE))).status_code == 201
        assert keys == []
        assert receiver._room == 1
        assert (await world.download(report_id)).content == LARGE


@pytest.mark.s3
@pytest.mark.parametrize("processes", [1, 2])
async def test_attack_by_two_parts_that_share_an_etag(bucket: Bucket, tmp_path: Path, processes: int) -> None:
    """An ETag is an MD5. The bucket keeps the second part, and the receipt must not be about the first."""
    twins = [twin + LARGE[len(twin) :] for twin in MD5_TWINS]
    async with (
        running_world(tmp_path, **settings(bucket)) as first,
        running_world(tmp_path, **settings(bucket)) as second,
    ):
        second.users.signers = first.users.signers
        report_id = new_identifier()
        await first.begin(report_id, len(LARGE))
        for index, part in enumerate(split(twins[0])):
            await first.put(report_id, index, part)
        again = first if processes == 1 else second
        assert (await again.put(report_id, 0, split(twins[1])[0])).status_code == 204
        answer = await first.complete(report_id, sha256(twins[0]))
    assert problem(answer) == (409, "upload_mismatch")
    assert bucket.objects() == []


async def test_a_store_that_hangs_is_the_trouble_of_its_own_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    for name in ("QUICK_SECONDS", "BULK_SECONDS"):
        monkeypatch.setattr(s3, name, 0.5)
    silent = socket.create_server(("127.0.0.1", 0), backlog=256)  # connections come about, and nobody answers
    port = silent.getsockname()[1]
    options = {"s3_buckets": {"au": "bucket"}, "s3_endpoint": f"http://127.0.0.1:{port}"}
    async with running_world(tmp_path, **options) as world:
        hanging = [asyncio.create_task(world.begin(new_identifier(), 1000)) for _ in range(40)]
        began = time.monotonic()
        await asyncio.sleep(0.1)
        report_id = await world.upload(LARGE[:1000], region="de")
        assert (await world.download(report_id, region="de")).status_code == 200
        assert not all(task.done() for task in hanging)
        answers = await asyncio.gather(*hanging)
        assert time.monotonic() - began < 60
        ready = await world.client.get("/ready")
    silent.close()
    assert {problem(answer) for answer in answers} == {(503, "service")}
    assert "region au" in ready.json()["reasons"]["cloud"][0]
