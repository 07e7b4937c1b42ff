"""Connections that break, stall or dawdle, against a real server: nothing is left of them, and little is held for them."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness.cloud_on_a_port import Served, request_head, response_head, serving
from harness.cloud_server import DOWNLOAD, UPLOAD, bytes_of, content_digest, leftovers, sha256, split

from picsafe_protocol.contracts.errors import PicSafeError
from picsafe_protocol.contracts.identifiers import new_identifier
from picsafe_protocol.contracts.limits import MIB, UPLOAD_PART_BYTES

pytestmark = pytest.mark.anyio

LARGE = bytes_of(6 * UPLOAD_PART_BYTES)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as served:
        yield served


class Watch:
    """Wraps an asynchronous context manager; `over` is done when it has been left, with the exception that left it, if any."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.over: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    def __call__(self, *arguments: Any) -> AbstractAsyncContextManager[Any]:
        return self._watched(*arguments)

    @asynccontextmanager
    async def _watched(self, *arguments: Any) -> AsyncIterator[Any]:
        try:
            async with self._real(*arguments) as value:
                yield value
        except BaseException as error:
            self.over.set_result(error)
            raise
        else:
            self.over.set_result(None)


def incoming(served: Served) -> list[str]:
    return [name for name in leftovers(served.world.settings.data) if name.startswith("incoming")]


def part_head(served: Served, report_id: str, part: bytes, **more: str) -> bytes:
    headers = {
        "Content-Length": str(len(part)),
        "Content-Digest": content_digest(part),
        **served.world.grant(UPLOAD, report_id),
        **more,
    }
    return request_head("PUT", f"/cloud/au/v1/uploads/{report_id}/parts/0", headers)


async def test_a_connection_that_breaks_within_a_part_leaves_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    report_id = new_identifier()
    await served.world.begin(report_id, len(LARGE))
    receiver = served.world.role.regions["au"].receiver
    watch = Watch(receiver.received)
    monkeypatch.setattr(receiver, "received", watch)
    _, writer = await served.connect()
    writer.write(part_head(served, report_id, split(LARGE)[0]) + LARGE[: 3 * MIB])
    await writer.drain()
    writer.close()
    error = await watch.over
    assert isinstance(error, PicSafeError)
    assert "broke" in str(error)
    assert incoming(served) == []
    assert (await served.world.upload_state(report_id)).json()["parts"] == []
    assert "incident" not in caplog.text


async def test_a_sender_that_falls_silent_within_a_part_is_cut_off(served: Served) -> None:
    report_id = new_identifier()
    await served.world.begin(report_id, len(LARGE))
    served.world.role.regions["au"].receiver._idle_seconds = 0.05
    reader, writer = await served.connect()
    writer.write(part_head(served, report_id, split(LARGE)[0]) + LARGE[: 3 * MIB])
    status, _ = await response_head(reader)
    assert status == 400
    assert incoming(served) == []
    writer.close()


async def test_a_refused_sender_gets_the_error_before_it_sends(served: Served) -> None:
    report_id = new_identifier()
    reader, writer = await served.connect()
    head = part_head(served, report_id, LARGE[:MIB], Authorization="Bearer nonsense", Expect="100-continue")
    writer.write(head)
    status, _ = await response_head(reader)
    assert status == 401
    writer.close()


@pytest.mark.parametrize(("length", "status"), [(1000, 204), (999, 400), (1001, 400), (UPLOAD_PART_BYTES + 1, 400)])
async def test_a_part_of_unannounced_length_is_measured(served: Served, length: int, status: int) -> None:
    report_id = new_identifier()
    content = bytes_of(1000)
    await served.world.begin(report_id, len(content))

    async def pieces() -> AsyncIterator[bytes]:
        sent = (content * (length // 1000 + 1))[:length]
        for start in range(0, length, 64 * 1024):
            yield sent[start : start + 64 * 1024]

    headers = served.world.grant(UPLOAD, report_id) | {"Content-Digest": content_digest(content)}
    path = f"/cloud/au/v1/uploads/{report_id}/parts/0"
    answer = await served.world.client.put(path, content=pieces(), headers=headers)
    assert answer.status_code == status


async def test_a_client_that_leaves_within_a_download_frees_the_package(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = await served.world.upload(LARGE)
    store = served.world.role.regions["au"].store
    watch = Watch(store.reading)
    monkeypatch.setattr(store, "reading", watch)
    reader, writer = await served.connect()
    writer.write(request_head("GET", f"/cloud/au/v1/packages/{report_id}", served.world.grant(DOWNLOAD, report_id)))
    status, headers = await response_head(reader)
    assert (status, headers["content-length"]) == (200, str(len(LARGE)))
    assert await reader.readexactly(1000) == LARGE[:1000]
    writer.transport.abort()
    await watch.over
    held = [target for target in map(_target, Path("/proc/self/fd").iterdir()) if target.suffix == ".picsafe"]
    assert held == []


def _target(link: Path) -> Path:
    try:
        return link.readlink()
    except FileNotFoundError:  # the descriptor with which the folder was listed
        return link


async def test_a_download_that_cannot_go_on_breaks_off_instead_of_looking_complete(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = await served.world.upload(LARGE)

    async def one_block(descriptor: int, start: int, stop: int) -> AsyncIterator[bytes]:
        yield LARGE[:MIB]
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(served.world.role.regions["au"].store, "_blocks", one_block)
    with pytest.raises(httpx.RemoteProtocolError):
        await served.world.download(report_id)


async def test_little_of_a_package_is_held_in_memory_on_its_way_in_and_out(served: Served) -> None:
    report_id = new_identifier()
    pieces = split(LARGE)
    await served.world.begin(report_id, len(LARGE))
    tracemalloc.start()
    try:
        await asyncio.gather(*(_send_slowly(served, report_id, index, part) for index, part in enumerate(pieces)))
        received = tracemalloc.get_traced_memory()[1]
        assert (await served.world.complete(report_id, sha256(LARGE))).status_code == 201
        tracemalloc.reset_peak()
        await asyncio.gather(*(_read_slowly(served, report_id) for _ in range(6)))
        sent = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Six transfers at once, of 8 MiB in and 48 MiB out each: a few blocks of 1 MiB for each are held, here for both ends.
    assert received < 6 * 4 * MIB
    assert sent < 6 * 4 * MIB


async def _send_slowly(served: Served, report_id: str, index: int, part: bytes) -> None:
    reader, writer = await served.connect()
    writer.write(part_head(served, report_id, part).replace(b"/parts/0 ", b"/parts/%d " % index))
    view = memoryview(part)
    for start in range(0, len(part), 16 * 1024):
        writer.write(view[start : start + 16 * 1024])
        await writer.drain()
    assert (await response_head(reader))[0] == 204
    writer.close()


async def _read_slowly(served: Served, report_id: str) -> None:
    reader, writer = await served.connect()
    grant = served.world.grant(DOWNLOAD, report_id)
    writer.write(request_head("GET", f"/cloud/au/v1/packages/{report_id}", grant))
    assert (await response_head(reader))[0] == 200
    total = 0
    while total < len(LARGE):
        total += len(await reader.read(16 * 1024))
        await asyncio.sleep(0)  # let the others have their turn
    writer.close()
