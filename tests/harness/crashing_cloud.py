"""A process that runs a cloud and is killed at the n-th point at which something becomes durable.

Run as a program it reads one JSON line per attempt and answers with how the attempt ended: each attempt is a fork of its own,
so that the imports are paid once. A killed process loses what it has not yet given to the system, and nothing else: that the
system has it on the disk is what `test_cloud_durability` looks at.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.client

from harness.cloud_server import World, bytes_of, running_world
from harness.kill_points import KillPoints
from picsafe_protocol.contracts.limits import UPLOAD_PART_BYTES
from picsafe_server.cloud.db.repository import Ledger

CONTENT = bytes_of(UPLOAD_PART_BYTES + 1)
_SYSTEM_CALLS = ("fsync", "replace", "link", "unlink", "rmdir", "mkdir")
_TRANSACTIONS = ("begin", "store", "abandon", "delete", "expire", "discarded")


def lay(points: KillPoints) -> None:
    """Before every system call and S3 request, before and after every transaction that changes something."""

    def around(transaction: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*arguments: Any, **options: Any) -> Any:
            points.reach()
            done = await transaction(*arguments, **options)
            points.reach()
            return done

        return counted

    points.before_system_calls(_SYSTEM_CALLS)
    client: Any = botocore.client.BaseClient
    client._make_api_call = points.before(client._make_api_call)
    for name in _TRANSACTIONS:
        setattr(Ledger, name, around(getattr(Ledger, name)))


async def upload(world: World, report_id: str) -> None:
    await world.upload(CONTENT, report_id)


async def complete_as_something_else(world: World, report_id: str) -> None:
    await world.complete(report_id, "0" * 64)


async def delete(world: World, report_id: str) -> None:
    await world.delete(report_id)


ACTS = {"upload": upload, "complete as something else": complete_as_something_else, "delete": delete}


async def attempt(act: str, report_id: str, data: str, kill_at: int, settings: dict[str, Any]) -> None:
    async with running_world(Path(data), **settings) as world:
        lay(KillPoints(kill_at))
        await ACTS[act](world, report_id)
        os._exit(0)  # how it stops is not the point here


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(attempt(**json.loads(line)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)


if __name__ == "__main__":
    main()
