"""Downloads: the whole or one range of a package, never another byte, never from a cache."""

from __future__ import annotations

import pytest
from harness.cloud_server import World, bytes_of, leftovers, problem, sha256

from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import UPLOAD_PART_BYTES

pytestmark = pytest.mark.anyio

CONTENT = bytes_of(UPLOAD_PART_BYTES + 3 * 1024 * 1024 + 17)


async def test_what_comes_with_a_package(world: World) -> None:
    report_id = await world.upload(CONTENT)
    answer = await world.download(report_id)
    assert answer.content == CONTENT
    expected = {
        "content-type": "application/octet-stream",
        "content-length": str(len(CONTENT)),
        "content-disposition": f'attachment; filename="{report_id}.picsafe"',
        "etag": f'"{sha256(CONTENT)}"',
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "content-range" not in answer.headers


async def test_head_says_the_same_without_the_package(world: World) -> None:
    report_id = await world.upload(CONTENT)
    for headers in ({}, {"Range": "bytes=0-9"}):
        answer = await world.download(report_id, headers, method="HEAD")
        assert answer.status_code == 200
        assert answer.content == b""
        assert answer.headers["content-length"] == str(len(CONTENT))
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["etag"] == f'"{sha256(CONTENT)}"'
        assert answer.headers["accept-ranges"] == "bytes"


LAST = len(CONTENT) - 1
RANGES = {
    "bytes=0-0": (0, 0),
    "bytes=0-65535": (0, 65535),
    f"bytes={UPLOAD_PART_BYTES - 1}-{UPLOAD_PART_BYTES}": (UPLOAD_PART_BYTES - 1, UPLOAD_PART_BYTES),
    f"bytes={LAST}-": (LAST, LAST),
    "bytes=5-99999999999": (5, LAST),
    "bytes=-65536": (LAST - 65535, LAST),
    "bytes=-99999999999": (0, LAST),
    "bytes=0-": (0, LAST),
}


async def test_ranges(world: World) -> None:
    report_id = await world.upload(CONTENT)
    for header, (first, last) in RANGES.items():
        answer = await world.download(report_id, {"Range": header})
        assert answer.status_code == 206, header
        assert answer.content == CONTENT[first : last + 1], header
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}", header
        assert answer.headers["content-length"] == str(last - first + 1), header


async def test_several_ranges_at_once_are_answered_with_the_whole(files_world: World) -> None:
    report_id = await files_world.upload(CONTENT)
    answer = await files_world.download(report_id, {"Range": "bytes=0-9,20-29"})
    assert (answer.status_code, answer.content) == (200, CONTENT)


async def test_a_range_past_the_end_is_refused_with_the_size(files_world: World) -> None:
    report_id = await files_world.upload(CONTENT)
    answer = await files_world.download(report_id, {"Range": f"bytes={len(CONTENT)}-"})
    assert problem(answer) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
    assert answer.json()["size"] == len(CONTENT)


async def test_a_download_goes_on_where_it_stopped_only_in_the_same_package(files_world: World) -> None:
    report_id = await files_world.upload(CONTENT)
    etag = f'"{sha256(CONTENT)}"'
    same = await files_world.download(report_id, {"Range": "bytes=10-19", "If-Range": etag})
    assert (same.status_code, same.content) == (206, CONTENT[10:20])
    other = await files_world.download(report_id, {"Range": "bytes=10-19", "If-Range": f'"{sha256(b"")}"'})
    assert (other.status_code, other.content) == (200, CONTENT)


async def test_a_package_that_is_lost_on_the_disk_is_a_failure_and_not_an_empty_download(files_world: World) -> None:
    report_id = await files_world.upload(CONTENT)
    (package,) = (files_world.settings.data / "cloud" / "au" / "packages").iterdir()
    package.unlink()
    answer = await files_world.download(report_id)
    assert problem(answer) == (500, "unexpected")
    assert "incident" in answer.json()


async def test_a_package_that_is_cut_off_on_the_disk_is_a_failure_too(files_world: World) -> None:
    report_id = await files_world.upload(CONTENT)
    (package,) = (files_world.settings.data / "cloud" / "au" / "packages").iterdir()
    with package.open("r+b") as file:
        file.truncate(len(CONTENT) - 1)
    assert problem(await files_world.download(report_id, {"Range": "bytes=0-9"})) == (500, "unexpected")


async def test_unknown_packages_are_not_found(files_world: World) -> None:
    assert problem(await files_world.download(new_identifier())) == (404, "not_found")
    assert (await files_world.download(new_identifier(), method="HEAD")).status_code == 404


async def test_an_upload_leaves_only_the_package_behind(files_world: World) -> None:
    report_id = await files_world.upload(CONTENT)
    assert leftovers(files_world.settings.data) == []
    (package,) = (files_world.settings.data / "cloud" / "au" / "packages").iterdir()
    assert package.name.startswith(report_id)
    assert package.read_bytes() == CONTENT
    assert package.stat().st_mode & 0o077 == 0
