"""Retention: over by the clock at once, deleted by the sweep, remembered as a tombstone; deletion that fails is tried again."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from harness.cloud_server import World, bytes_of, leftovers, problem, running_world, sha256, split
from harness.s3_buckets import Bucket

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import REPORT_DAYS, UPLOAD_HOURS, UPLOAD_PART_BYTES
from picsafe_server.cloud.stores import Upload
from picsafe_server.cloud.stores.files import FileStore

pytestmark = pytest.mark.anyio

SMALL = bytes_of(1000)
LARGE = bytes_of(UPLOAD_PART_BYTES + 1)


def stored(world: World) -> list[str]:
    """Everything that the store of the Australian cloud holds."""
    bucket = world.settings.s3_buckets.get("au")
    if bucket is None:
        packages = world.settings.data / "cloud" / "au" / "packages"
        return leftovers(world.settings.data) + sorted(path.name for path in packages.iterdir())
    client = world.role.regions["au"].store._client  # type: ignore[attr-defined]
    seen = Bucket(bucket, world.settings.s3_endpoint, client)
    return seen.objects() + seen.unfinished()


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
async def test_a_report_is_over_at_the_second_and_deleted_by_the_next_sweep(world: World, content: bytes) -> None:
    report_id = await world.upload(content)
    world.clock.move(timedelta(days=REPORT_DAYS, seconds=-30))
    assert (await world.role.sweep())["expired"] == 0
    assert (await world.download(report_id)).content == content
    world.clock.move(timedelta(seconds=31))
    assert problem(await world.download(report_id)) == (410, "report_expired")
    assert (await world.download(report_id, method="HEAD")).status_code == 410
    assert stored(world)
    done = await world.role.sweep()
    assert (done["expired"], done["discarded"]) == (1, 1)
    assert stored(world) == []
    assert problem(await world.download(report_id)) == (410, "report_expired")
    assert not any((await world.role.sweep()).values())


async def test_the_grant_decides_the_end_and_can_only_shorten_it(files_world: World) -> None:
    world = files_world
    now = world.clock.now()
    ends = {"an hour": 3600, "a year": 365 * 86400}
    until = {}
    for name, seconds in ends.items():
        report_id = new_identifier()
        await world.begin(report_id, len(SMALL), until=int((now + timedelta(seconds=seconds)).timestamp()))
        await world.put(report_id, 0, SMALL)
        receipt = (await world.complete(report_id, sha256(SMALL))).json()["receipt"]
        until[name] = (await world.receipt_claims(receipt))["until"] - now.timestamp()
    assert until["an hour"] == pytest.approx(3600, abs=5)
    assert until["a year"] == pytest.approx(REPORT_DAYS * 86400, abs=5)


async def test_a_grant_without_end_means_the_longest(files_world: World) -> None:
    report_id = await files_world.upload(SMALL, until=None)
    files_world.clock.move(timedelta(days=REPORT_DAYS, seconds=-30))
    assert (await files_world.download(report_id)).status_code == 200


async def test_the_operator_may_shorten_the_days(tmp_path: Path) -> None:
    async with running_world(tmp_path, report_days=2) as world:
        report_id = await world.upload(SMALL)
        world.clock.move(timedelta(days=2, seconds=1))
        assert problem(await world.download(report_id)) == (410, "report_expired")


async def test_nothing_can_be_uploaded_with_a_grant_whose_report_is_over(files_world: World) -> None:
    until = int(files_world.clock.now().timestamp()) - 1
    for end in (until, 0, -1):
        assert problem(await files_world.begin(new_identifier(), len(SMALL), until=end)) == (410, "report_expired")


async def test_nothing_can_be_uploaded_again_under_an_expired_report(world: World) -> None:
    report_id = await world.upload(SMALL)
    world.clock.move(timedelta(days=REPORT_DAYS, seconds=1))
    for _ in range(2):  # by the clock, and from the tombstone
        assert problem(await world.begin(report_id, len(SMALL))) == (410, "report_expired")
        assert problem(await world.put(report_id, 0, SMALL)) == (410, "report_expired")
        assert problem(await world.complete(report_id, sha256(SMALL))) == (410, "report_expired")
        assert problem(await world.upload_state(report_id)) == (410, "report_expired")
        assert (await world.delete(report_id)).status_code == 204
        await world.role.sweep()


async def test_a_tombstone_holds_no_content(files_world: World) -> None:
    report_id = await files_world.upload(SMALL)
    await files_world.delete(report_id)
    tombstone = await files_world.role.regions["au"].ledger.find(report_id)
    assert tombstone is not None
    assert (tombstone.state, tombstone.sha256, tombstone.receipt) == ("gone", None, None)


async def test_an_upload_that_ends_with_its_report_is_not_completed(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(SMALL), until=int((world.clock.now() + timedelta(hours=1)).timestamp()))
    await world.put(report_id, 0, SMALL)
    world.clock.move(timedelta(hours=1, seconds=1))
    assert problem(await world.complete(report_id, sha256(SMALL))) == (410, "report_expired")
    await world.role.sweep()
    assert stored(world) == []


async def test_unfinished_uploads_are_swept(world: World) -> None:
    small, large = new_identifier(), new_identifier()
    await world.begin(small, len(SMALL))
    await world.put(small, 0, SMALL)
    await world.begin(large, len(LARGE))
    await world.put(large, 0, split(LARGE)[0])
    assert (await world.role.sweep())["abandoned"] == 0
    world.clock.move(timedelta(hours=UPLOAD_HOURS, seconds=1))
    assert (await world.role.sweep())["abandoned"] == 2
    assert stored(world) == []
    await world.upload(LARGE, large)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
async def test_a_withdrawn_report_is_deleted_at_once_and_for_good(world: World, content: bytes) -> None:
    report_id = await world.upload(content)
    for _ in range(2):
        assert (await world.delete(report_id)).status_code == 204
    assert stored(world) == []
    assert problem(await world.download(report_id)) == (410, "gone")
    assert problem(await world.begin(report_id, len(content))) == (410, "gone")


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
async def test_a_report_withdrawn_within_its_upload_is_deleted_for_good(world: World, content: bytes) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(content))
    await world.put(report_id, 0, split(content)[0])
    assert (await world.delete(report_id)).status_code == 204
    assert stored(world) == []
    assert problem(await world.put(report_id, 0, split(content)[0])) == (410, "gone")
    assert problem(await world.complete(report_id, sha256(content))) == (410, "gone")
    assert problem(await world.begin(report_id, len(content))) == (410, "gone")


async def test_a_report_withdrawn_before_its_upload_never_comes(world: World) -> None:
    report_id = new_identifier()
    assert (await world.delete(report_id)).status_code == 204
    assert problem(await world.begin(report_id, len(SMALL))) == (410, "gone")


async def test_a_report_withdrawn_while_it_is_completed_leaves_nothing(world: World) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    for index, part in enumerate(split(LARGE)):
        await world.put(report_id, index, part)
    store = world.role.regions["au"].store
    publish = store.publish

    async def withdrawn_first(upload: Upload, sha256: str) -> None:
        await publish(upload, sha256)
        await world.delete(report_id)
        await publish_again(upload)

    async def publish_again(upload: Upload) -> None:
        # As if it had been put together only after it was discarded.
        if isinstance(store, FileStore):
            store._package(upload).write_bytes(LARGE)

    store.publish = withdrawn_first  # type: ignore[method-assign]
    assert problem(await world.complete(report_id, sha256(LARGE))) == (410, "gone")
    assert stored(world) == []


async def test_a_report_ends_even_when_its_ciphertext_is_deleted_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = await world.upload(SMALL)
    store = world.role.regions["au"].store

    async def broken(upload: Upload) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(store, "discard", broken)
        assert (await world.delete(report_id)).status_code == 204
        assert problem(await world.download(report_id)) == (410, "gone")
        assert (await world.role.sweep())["discarded"] == 0
        assert stored(world)
    assert (await world.role.sweep())["discarded"] == 1
    assert stored(world) == []


async def test_a_store_that_has_not_deleted_for_an_hour_makes_the_cloud_not_ready(
    files_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sweeper = files_world.app.state.sweeper
    (discarded,) = (each for each in sweeper.watched if each.step.title == "discarded (au)")

    async def sweep() -> None:
        """A round of the step, an hour after the last one that was finished."""
        discarded._since = time.monotonic() - 3600
        files_world.app.state.readiness._looked = 0.0
        await sweeper.sweep(discarded)

    async def broken(upload: Upload) -> None:
        raise OSError(5, "Input/output error")

    report_id = await files_world.upload(SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(files_world.role.regions["au"].store, "discard", broken)
        await files_world.delete(report_id)
        await sweep()
        assert (await files_world.client.get("/ready")).status_code == 200, "a bad minute of the store alarms nobody"
        finished = discarded.finished_at
        files_world.clock.move(timedelta(minutes=90))
        await sweep()
        assert discarded.finished_at == finished
        assert "1 expired packages could not be deleted" in caplog.text
        answer = await files_world.client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == {"cloud": ["not finished in time: discarded (au)"]}
    await sweep()
    assert stored(files_world) == []
    assert (await files_world.client.get("/ready")).status_code == 200


async def test_one_region_in_trouble_does_not_keep_the_others_from_being_swept(
    files_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files_world.upload(SMALL, region="de")
    files_world.clock.move(timedelta(days=REPORT_DAYS, seconds=1))

    async def broken(**limits: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files_world.role.regions["au"].store, "sweep", broken)
    assert (await files_world.role.sweep())["expired"] == 1
    assert not list((files_world.settings.data / "cloud" / "de" / "packages").iterdir())


async def test_files_that_no_row_leads_to_are_swept_when_they_are_old_enough(files_world: World) -> None:
    folder = files_world.settings.data / "cloud" / "au"
    kept = await files_world.upload(SMALL)
    now = files_world.clock.now().timestamp()
    (folder / "uploads" / "lost").mkdir()
    orphans = {
        folder / "incoming" / "half": now - (UPLOAD_HOURS + 2) * 3600,
        folder / "uploads" / "lost" / "0": now - (UPLOAD_HOURS + 2) * 3600,
        folder / "packages" / "lost.picsafe": now - REPORT_DAYS * 86400 - 7200,
    }
    young = folder / "incoming" / "on its way"
    young.write_bytes(b"x")
    for path, changed in orphans.items():
        path.write_bytes(b"x")
        for touched in (path, path.parent) if path.name == "0" else (path,):
            os.utime(touched, (changed, changed))
    assert (await files_world.role.sweep())["orphans"] == 3
    assert not any(path.exists() for path in orphans)
    assert young.exists()
    assert (await files_world.download(kept)).content == SMALL


async def test_a_long_list_of_expired_reports_is_worked_off_in_one_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("picsafe_server.cloud.db.repository.BATCH", 2)
    for _ in range(5):
        await world.upload(SMALL)
    world.clock.move(timedelta(days=REPORT_DAYS, seconds=1))
    assert (await world.role.sweep())["expired"] == 5
    assert stored(world) == []
