"""What only the S3 store has: the bucket's fitness, its lifecycle, hidden uploads, and a server of its own that can be away."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.loaders import JSONFileLoader
from botocore.stub import Stubber
from harness.ceph import Ceph, CephMissing, running_ceph
from harness.cloud_server import World, bytes_of, problem, running_world, sha256, split
from harness.s3_buckets import Bucket

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import REPORT_DAYS, UPLOAD_HOURS, UPLOAD_PART_BYTES
from picsafe_protocol.contracts.regions import REGIONS
from picsafe_server.cloud.stores.s3_bucket import BucketUnfit, connect, make_fit, rules

pytestmark = [pytest.mark.anyio, pytest.mark.s3]

SMALL = bytes_of(1000)
LARGE = bytes_of(UPLOAD_PART_BYTES + 1)


@pytest.fixture
async def world(bucket: Bucket, tmp_path: Path) -> AsyncIterator[World]:
    async with running_world(tmp_path, s3_buckets={"au": bucket.name}, s3_endpoint=bucket.endpoint) as world:
        yield world


async def test_a_large_upload_is_in_no_listing_of_the_bucket_until_it_is_complete(world: World, bucket: Bucket) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    for index, part in enumerate(split(LARGE)):
        await world.put(report_id, index, part)
    assert bucket.objects() == []
    assert len(bucket.unfinished()) == 1
    await world.complete(report_id, sha256(LARGE))
    (key,) = bucket.objects()
    assert key.startswith(f"packages/{report_id}.")
    assert bucket.unfinished() == []


async def test_a_small_upload_lies_apart_until_it_is_complete(world: World, bucket: Bucket) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(SMALL))
    assert bucket.objects() == []
    await world.put(report_id, 0, SMALL)
    assert [key.partition("/")[0] for key in bucket.objects()] == ["uploads"]
    await world.complete(report_id, sha256(SMALL))
    assert [key.partition("/")[0] for key in bucket.objects()] == ["packages"]


async def test_nothing_of_a_package_stays_on_the_servers_own_disk(world: World) -> None:
    await world.upload(LARGE)
    folder = world.settings.data / "cloud" / "au"
    assert sorted(path.name for path in folder.rglob("*")) == ["incoming", "signing.pem"]


async def test_a_package_that_somebody_changed_in_the_bucket_is_not_given_a_receipt(
    world: World, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(SMALL))
    await world.put(report_id, 0, SMALL)
    (key,) = bucket.objects()
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=bytes_of(len(SMALL), seed=1))
    assert problem(await world.complete(report_id, sha256(SMALL))) == (409, "upload_mismatch")
    assert bucket.objects() == []


async def test_an_upload_that_the_store_aborted_begins_again(world: World, bucket: Bucket) -> None:
    report_id = new_identifier()
    await world.begin(report_id, len(LARGE))
    await world.put(report_id, 0, split(LARGE)[0])
    (upload,) = bucket.client.list_multipart_uploads(Bucket=bucket.name)["Uploads"]
    bucket.client.abort_multipart_upload(Bucket=bucket.name, Key=upload["Key"], UploadId=upload["UploadId"])
    assert problem(await world.put(report_id, 0, split(LARGE)[0])) == (404, "not_found")
    assert problem(await world.upload_state(report_id)) == (404, "not_found")
    again = await world.begin(report_id, len(LARGE))
    assert (again.status_code, again.json()["parts"]) == (201, [])
    for index, part in enumerate(split(LARGE)):
        assert (await world.put(report_id, index, part)).status_code == 204
    assert (await world.complete(report_id, sha256(LARGE))).status_code == 201


async def test_uploads_that_no_row_leads_to_are_aborted_and_deleted(world: World, bucket: Bucket) -> None:
    bucket.client.create_multipart_upload(Bucket=bucket.name, Key="packages/lost.picsafe")
    bucket.client.create_multipart_upload(Bucket=bucket.name, Key="somebody/elses")
    bucket.client.put_object(Bucket=bucket.name, Key="uploads/lost/0", Body=b"x")
    assert (await world.role.sweep())["orphans"] == 0
    world.clock.move(timedelta(hours=UPLOAD_HOURS + 2))
    assert (await world.role.sweep())["orphans"] == 2
    assert bucket.unfinished() == ["somebody/elses"]
    assert bucket.objects() == []


async def test_parts_that_a_crash_left_on_the_disk_before_a_bucket_are_swept(world: World) -> None:
    incoming = world.settings.data / "cloud" / "au" / "incoming"
    now = world.clock.now().timestamp()
    for name, hours in (("half", UPLOAD_HOURS + 2), ("on its way", 0)):
        (incoming / name).write_bytes(b"x")
        os.utime(incoming / name, (now - hours * 3600,) * 2)
    assert (await world.role.sweep())["orphans"] == 1
    assert [path.name for path in incoming.iterdir()] == ["on its way"]


async def test_the_lifecycle_rules_are_set_at_start_beside_those_of_others(bucket: Bucket, tmp_path: Path) -> None:
    theirs: Any = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}}
    bucket.client.put_bucket_lifecycle_configuration(
        Bucket=bucket.name, LifecycleConfiguration={"Rules": [theirs, *rules(3)]}
    )
    for _ in range(2):  # again changes nothing
        async with running_world(tmp_path, s3_buckets={"au": bucket.name}, s3_endpoint=bucket.endpoint):
            found = bucket.client.get_bucket_lifecycle_configuration(Bucket=bucket.name)["Rules"]
            days = {rule["ID"]: rule["Expiration"]["Days"] for rule in found}
            assert days == {"logs": 30, "picsafe-packages": REPORT_DAYS, "picsafe-uploads": 2}


async def test_the_store_itself_deletes_what_the_server_did_not(bucket: Bucket, ceph: Ceph, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"s3_buckets": {"au": bucket.name}, "s3_endpoint": bucket.endpoint, "report_days": 1}
    async with running_world(tmp_path, **settings) as world:
        await world.upload(SMALL)
    bucket.client.put_object(Bucket=bucket.name, Key="somebody/elses", Body=b"x")
    assert len(bucket.objects()) == 2
    # To this one run a second is a day.
    for _ in range(20):
        ceph.admin("--rgw-lc-debug-interval=1", "lc", "process")
        if len(bucket.objects()) == 1:
            break
    assert bucket.objects() == ["somebody/elses"]


async def test_a_versioned_bucket_takes_no_report_because_it_never_deletes(
    bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    async with running_world(tmp_path, s3_buckets={"au": bucket.name}, s3_endpoint=bucket.endpoint) as world:
        assert "versioning" in caplog.text
        assert (await world.client.get("/ready")).status_code == 503
        assert problem(await world.begin(new_identifier(), len(SMALL))) == (503, "service")
        bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Suspended"})
        assert (await world.client.get("/ready")).status_code == 200
        await world.upload(SMALL)


async def test_a_bucket_that_is_missing_leaves_the_other_regions_serving(
    bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_world(tmp_path, s3_buckets={"au": "no-such-bucket"}, s3_endpoint=bucket.endpoint) as world:
        assert "there is no bucket no-such-bucket" in caplog.text
        assert (await world.client.get("/ready")).status_code == 503
        assert problem(await world.begin(new_identifier(), len(LARGE))) == (503, "service")
        await world.upload(SMALL, region="de")


async def test_a_store_that_is_away_is_told_apart_from_a_failure_of_ours(
    bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report_id = new_identifier()
    async with running_world(tmp_path, s3_buckets={"au": bucket.name}, s3_endpoint=bucket.endpoint) as world:
        await world.upload(SMALL, report_id)
    async with running_world(tmp_path, s3_buckets={"au": bucket.name}, s3_endpoint="http://127.0.0.1:9") as world:
        assert problem(await world.download(report_id)) == (503, "service")
        assert problem(await world.begin(new_identifier(), len(LARGE))) == (503, "service")
        assert (await world.client.get("/ready")).status_code == 503
        assert (await world.delete(report_id)).status_code == 204  # over at once, deleted when the store is back
    async with running_world(tmp_path, s3_buckets={"au": bucket.name}, s3_endpoint=bucket.endpoint) as world:
        assert problem(await world.download(report_id)) == (410, "gone")
        await world.role.sweep()
        assert bucket.objects() == []
    assert "incident" not in caplog.text


async def test_wrong_credentials_are_the_operators_business(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-and-not-to-be-logged")
    async with running_world(tmp_path, s3_buckets={"au": bucket.name}, s3_endpoint=bucket.endpoint) as world:
        answer = await world.begin(new_identifier(), len(LARGE))
        assert problem(answer) == (503, "service")
        assert "HeadBucket was refused: 403" in caplog.text
        for text in (answer.text, caplog.text):
            assert "wrong-and-not-to-be-logged" not in text


async def test_a_quota_that_is_used_up_is_a_full_disk(world: World, ceph: Ceph, bucket: Bucket) -> None:
    small, large = new_identifier(), new_identifier()
    await world.begin(small, len(SMALL))
    await world.begin(large, len(LARGE))
    quota = ("--quota-scope=bucket", "--uid=picsafe", f"--bucket={bucket.name}")
    ceph.admin("quota", "set", *quota, "--max-size=1K")
    ceph.admin("quota", "enable", *quota)
    assert problem(await world.put(large, 0, split(LARGE)[0])) == (507, "storage_full")
    assert (await world.upload_state(large)).json()["parts"] == []
    ceph.admin("quota", "disable", *quota)
    assert (await world.put(small, 0, SMALL)).status_code == 204


LOCATIONS = {
    "au": "ap-southeast-2",
    "ca": "ca-central-1",
    "de": "eu-central-1",
    "ie": "EU",
    "uk": "eu-west-2",
    "us": "",
}


@pytest.mark.parametrize(
    ("region", "location"),
    [*LOCATIONS.items(), *((region, "" if region != "us" else "EU") for region in LOCATIONS), ("de", "eu-west-2")],
)
def test_a_bucket_in_another_aws_region_is_refused(region: str, location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    client = connect(REGIONS[region].aws_region, "", read_seconds=60)
    right = LOCATIONS[region] == location
    with Stubber(client) as aws:
        aws.add_response("head_bucket", {}, {"Bucket": "clinic"})
        aws.add_response("get_bucket_location", {"LocationConstraint": location} if location else {})
        if right:
            aws.add_response("get_bucket_versioning", {})
            aws.add_response("get_bucket_lifecycle_configuration", {"Rules": rules(7)})
            make_fit(client, "clinic", aws_region=REGIONS[region].aws_region, days=7)
        else:
            with pytest.raises(BucketUnfit, match=REGIONS[region].aws_region):
                make_fit(client, "clinic", aws_region=REGIONS[region].aws_region, days=7)
        aws.assert_no_pending_responses()


def test_each_region_speaks_to_its_own_aws_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    for region in REGIONS.values():
        host = httpx.URL(connect(region.aws_region, "", read_seconds=60).meta.endpoint_url).host
        assert host in {f"s3.{region.aws_region}.amazonaws.com", "s3.amazonaws.com"}


def test_the_descriptions_of_the_services_are_read_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    connect("eu-west-1", "", read_seconds=60)
    read: list[str] = []
    monkeypatch.setattr(JSONFileLoader, "load_file", lambda self, path: read.append(path))
    connect("eu-west-1", "", read_seconds=4)
    connect("ap-southeast-2", "", read_seconds=4)
    assert read == []


async def test_the_log_tells_the_operator_and_no_secret(
    world: World, ceph: Ceph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await world.upload(SMALL)
    assert ceph.secret_key not in caplog.text


def test_a_machine_without_ceph_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(CephMissing, match="apt-get install radosgw ceph-mon ceph-osd ceph-common"), running_ceph():
        pass
