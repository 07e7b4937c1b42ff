"""A key server that gives out keys as fast as it can, and says of each that it is out: to be killed. Run by test_key_server_crashes.py."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from harness.key_server import Someone, UserServers, World, key_server
from picsafe_server.runtime.clock import MovableClock


async def main(folder: Path) -> None:
    """Ten people open reports without end; a line for each key that was answered: `entry index`, `key`."""
    clock = MovableClock()
    async with key_server(folder, clock, UserServers(clock)) as world:
        bo = Someone("Bo")
        sent = await world.send(Someone("Ada"), bo)

        async def open_for_ever(world: World) -> None:
            while True:
                answer = (await world.open(bo, sent)).json()
                print(answer["entry"]["index"], sent.key_id, flush=True)

        await asyncio.gather(*(open_for_ever(world) for _ in range(10)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
