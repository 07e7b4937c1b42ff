"""A process that runs `picsafe` and is killed at the n-th point at which something happens on the disk or on the network.

Run as a program it reads a JSON line per attempt and answers with how it ended; each attempt is a fork of its own, so that the
imports are paid once. A killed process loses what it has not given to the system; that the system has it on the disk in time
is what `test_sync_folder` looks at.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from picsafe_cli import main as cli
from picsafe_cli.api.client import Api
from picsafe_protocol.format.payload import Payload

_SYSTEM_CALLS = ("fsync", "replace", "rename", "link", "unlink", "rmdir", "mkdir", "ftruncate")


class Fuse:
    """Counts the points, and kills this process at the one that was chosen."""

    def __init__(self, kill_at: int) -> None:
        self._left = kill_at

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def lay(self) -> None:
        """Before every system call that changes the disk, before every request, and within what is read in pieces."""
        for name in _SYSTEM_CALLS:
            setattr(os, name, self._before(getattr(os, name)))
        parts: list[tuple[Any, str, Callable[..., Any]]] = [
            (Api, "stream", self._before(Api.stream)),
            (Api, "pieces", self._between(Api.pieces)),
            (Payload, "stream", self._between(Payload.stream)),
        ]
        for owner, name, burning in parts:
            setattr(owner, name, burning)

    def _before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def burning(*arguments: Any, **options: Any) -> Any:
            self.burn()
            return call(*arguments, **options)

        return burning

    def _between(self, pieces: Callable[..., AsyncIterator[bytes]]) -> Callable[..., AsyncIterator[bytes]]:
        async def burning(*arguments: Any, **options: Any) -> AsyncIterator[bytes]:
            async for piece in pieces(*arguments, **options):
                self.burn()
                yield piece

        return burning


def attempt(arguments: list[str], kill_at: int, output: str) -> int:
    """Run the command with this fuse; its exit status."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    Fuse(kill_at).lay()
    return cli.main(arguments)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(attempt(**json.loads(line)))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
