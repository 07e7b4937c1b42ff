"""A process that runs `picsafe` and is killed at the n-th point at which something happens on the disk or on the network.

Run as a program it reads a JSON line per attempt and answers with how it ended; each attempt is a fork of its own, so that the
imports are paid once. A killed process loses what it has not given to the system; that the system has it on the disk in time
is what `test_sync_folder` looks at.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from harness.kill_points import KillPoints
from picsafe_cli import main as cli
from picsafe_cli.api.client import Api
from picsafe_protocol.format.payload import Payload

_SYSTEM_CALLS = ("fsync", "replace", "rename", "link", "unlink", "rmdir", "mkdir", "ftruncate")


def lay(points: KillPoints) -> None:
    """Before every system call that changes the disk, before every request, and within what is read in pieces."""

    def between(pieces: Callable[..., AsyncIterator[bytes]]) -> Callable[..., AsyncIterator[bytes]]:
        async def counted(*arguments: Any, **options: Any) -> AsyncIterator[bytes]:
            async for piece in pieces(*arguments, **options):
                points.reach()
                yield piece

        return counted

    points.before_system_calls(_SYSTEM_CALLS)
    parts: list[tuple[Any, str, Callable[..., Any]]] = [
        (Api, "stream", points.before(Api.stream)),
        (Api, "pieces", between(Api.pieces)),
        (Payload, "stream", between(Payload.stream)),
    ]
    for owner, name, counted in parts:
        setattr(owner, name, counted)


def attempt(arguments: list[str], kill_at: int, output: str) -> int:
    """Run the command with these kill points; its exit status."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    lay(KillPoints(kill_at))
    return cli.main(arguments)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(attempt(**json.loads(line)))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
