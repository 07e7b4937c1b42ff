from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from server.ceph import Ceph, running_ceph
from server.cloud.buckets import Bucket, made_bucket
from server.cloud.world import World, running_world

STORES = ["files", pytest.param("s3", marks=pytest.mark.s3)]


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    """One S3 server for all tests of this process."""
    with running_ceph() as ceph:
        yield ceph


@pytest.fixture
def bucket(ceph: Ceph, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket of its own; the credentials lie where boto3 looks for them."""
    for name, value in ceph.environment.items():
        monkeypatch.setenv(name, value)
    return made_bucket(ceph)


@pytest.fixture(params=STORES)
def store_settings(request: pytest.FixtureRequest) -> dict[str, object]:
    """The settings that choose each of the stores in turn for the Australian cloud; the German one keeps files."""
    if request.param == "files":
        return {}
    bucket = request.getfixturevalue("bucket")
    return {"s3_buckets": {"au": bucket.name}, "s3_endpoint": bucket.endpoint}


@pytest.fixture
async def world(store_settings: dict[str, object], tmp_path: Path) -> AsyncIterator[World]:
    """A cloud over each of the stores in turn."""
    async with running_world(tmp_path, **store_settings) as world:
        yield world
