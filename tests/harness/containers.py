"""The image and a running container, as tests see them."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = "localhost/picsafe-base:test"
IMAGE = "localhost/picsafe:test"
LIMITS = ("--runtime", "runc", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
LOCKED_DOWN = (
    "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--no-healthcheck", "--network", "host",
    *LIMITS,
)  # fmt: skip
START_SECONDS = 120


def run(*command: str | Path, check: bool = True) -> str:
    """The standard output of a command; the whole of its output when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT)
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Container:
    """A running container of the image, all roles in it."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url

    def execute(self, *command: str) -> str:
        """Run a command inside."""
        return run("podman", "exec", self.name, *command)

    def stop(self, seconds: int) -> int:
        """Tell it to stop; its exit status."""
        run("podman", "stop", "--time", str(seconds), self.name)
        return int(run("podman", "inspect", "--format", "{{.State.ExitCode}}", self.name))


def wait_until_ready(name: str, url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(url + "/ready", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if run("podman", "inspect", "--format", "{{.State.Running}}", name).strip() != "true":
            break
        time.sleep(0.5)
    pytest.fail("the container did not become ready:\n" + run("podman", "logs", name, check=False))
