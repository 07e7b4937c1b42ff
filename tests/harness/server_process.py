"""The server as operators run it, a process of its own: for what only another process can see, such as its memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

SERVER = Path(sys.executable).with_name("picsafe-server")
START_SECONDS = 120


@dataclass(frozen=True)
class Process:
    """A running server."""

    url: str
    port: int
    running: subprocess.Popen[bytes]
    log_file: Path

    def memory(self) -> int:
        """Bytes that it holds in memory."""
        lines = Path(f"/proc/{self.running.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    def log(self) -> str:
        """What it has said so far."""
        return self.log_file.read_text("utf-8")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(data: Path, port: int, **variables: str) -> dict[str, str]:
    """This process's environment, with the settings of a small server in `data`, and `variables` on top."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PICSAFE_")}
    own = {
        "PICSAFE_PUBLIC_URL": f"http://localhost:{port}",
        "PICSAFE_ROLES": "users,cloud,keys",
        "PICSAFE_REGIONS": "au",
        "PICSAFE_DATA": str(data),
    }
    return {**inherited, **own, **variables}


@contextmanager
def running_server(folder: Path, *, wait: bool = True, port: int | None = None, **variables: str) -> Iterator[Process]:
    """`picsafe-server run` over `folder`, until the block ends; `wait` until it is ready."""
    port = port or free_port()
    log_file = folder / f"{port}.log"
    with log_file.open("ab") as log:
        command = [str(SERVER), "run", "--port", str(port)]
        settings = environment(folder / "data", port, **variables)
        running = subprocess.Popen(command, env=settings, stdout=log, stderr=log)
    process = Process(f"http://127.0.0.1:{port}", port, running, log_file)
    try:
        if wait:
            wait_until_ready(process)
        yield process
    finally:
        running.terminate()
        try:
            running.wait(60)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_until_ready(process: Process, status: int = 200) -> None:
    """Return once `/ready` answers with `status`; `AssertionError` with the log when that takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.running.poll() is None:
        try:
            if httpx.get(f"{process.url}/ready", timeout=10).status_code == status:
                return
        except httpx.HTTPError:
            pass  # not there yet
        time.sleep(0.1)
    raise AssertionError(process.log())
