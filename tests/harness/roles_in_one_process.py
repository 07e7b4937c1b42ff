"""All roles in one process behind something else, driven through its outer address by the commands that people use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

SERVER = Path(sys.executable).with_name("picsafe-server")
PICSAFE = Path(sys.executable).with_name("picsafe")
PASSWORD = "nine lives of a careful cat"
START_SECONDS = 120


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def inherited() -> dict[str, str]:
    """The environment without what a developer may have set for other servers."""
    unwanted = ("PICSAFE_", "SSL_CERT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


@contextmanager
def running(
    command: list[str | Path], environment: Mapping[str, str], log: Path, stop_seconds: float = 60
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; it is killed when it has not stopped `stop_seconds` after it was asked to."""
    with log.open("ab") as output:
        process = subprocess.Popen([str(part) for part in command], env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_answered(url: str, process: subprocess.Popen[bytes], log: Path, verify: bool = True) -> None:
    """Returns when `url` answers below 500; fails the test with the log when the process ends or time is over."""
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=5, verify=verify) as client:  # one, since each reads all certificate authorities
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get(url).status_code < 500:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
    pytest.fail(f"{url} did not answer:\n{log.read_text('utf-8', 'replace')[-3000:]}")


@dataclass(frozen=True)
class Server:
    """The running roles: their own address, the public one, and the environment of their commands."""

    port: int
    public_url: str
    environment: Mapping[str, str]

    def command(self, *words: str) -> str:
        """Run one of the operator's commands; its output."""
        done = subprocess.run([SERVER, *words], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def running_server(folder: Path, public_url: str, trusted_proxies: str = "127.0.0.1") -> Iterator[Server]:
    """All roles on a port of their own."""
    port, log = free_port(), folder / "server.log"
    environment = {
        **inherited(),
        "PICSAFE_PUBLIC_URL": public_url,
        "PICSAFE_DATA": str(folder / "data"),
        "PICSAFE_CLIENT_FOLDER": str(Path(__file__).resolve().parents[2] / "build" / "client"),
    }
    command: list[str | Path] = [SERVER, "run", "--port", str(port), "--trusted-proxies", trusted_proxies]
    with running(command, environment, log) as process:
        wait_until_answered(f"http://127.0.0.1:{port}/health", process, log)
        yield Server(port, public_url, environment)
