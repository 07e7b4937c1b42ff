"""A throwaway PostgreSQL for tests: a cluster a test run, a database a test.

Debian's packages put the programs where `PATH` does not look. `initdb` refuses root, so for root everything runs as `nobody`.
`fsync=off`, because what it protects is thrown away anyway.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from picsafe_protocol.contracts.identifiers import new_identifier

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
_OPTIONS = [
    # `synchronous_commit` stays on: without `fsync` it costs nothing, and what was acknowledged survives `Postmaster.stop`.
    *("-c", "fsync=off", "-c", "full_page_writes=off"),
    *("-c", "max_connections=200", "-c", "listen_addresses=127.0.0.1"),
]
_ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}


class Postmaster:
    """The server of a cluster, which tests stop, start again and freeze."""

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs, self._folder, self._port = programs, folder, port
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        data = str(self._folder / "data")
        server = [str(self._programs / "postgres"), "-D", data, "-p", str(self._port), "-k", str(self._folder)]
        with (self._folder / "log").open("a") as log:
            self._running = subprocess.Popen(
                _unprivileged([*server, *_OPTIONS]),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
            )
        _wait_until_ready(self._programs, self._port, self._running, self._folder / "log")

    def stop(self) -> None:
        """End it at once, as a power cut does; every connection breaks."""
        if self._running is not None:
            self._running.send_signal(signal.SIGQUIT)
            self._running.wait()
            self._running = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Within the block none of its processes does anything, while connections stay open."""
        assert self._running is not None
        children = Path(f"/proc/{self._running.pid}/task/{self._running.pid}/children").read_text("ascii").split()
        processes = [self._running.pid, *map(int, children)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL that belongs to this test run."""

    programs: Path
    folder: Path
    port: int
    postmaster: Postmaster

    def create_database(self, template: str | None = None) -> str:
        """A fresh database, empty or a copy of `template`; its name."""
        name = f"t{new_identifier()}"
        self._sql(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, even while somebody is connected to it."""
        self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+asyncpg://picsafe@127.0.0.1:{self.port}/{name}"

    def _sql(self, statement: str) -> None:
        host = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "picsafe", "-d", "postgres"]
        _run([str(self.programs / "psql"), "-q", "-X", "-v", "ON_ERROR_STOP=1", *host, "-c", statement])


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster on a free port in a folder of its own; both are gone afterwards. Skips when PostgreSQL is not installed."""
    if not _PROGRAMS:
        pytest.skip("PostgreSQL is not here: looked in /usr/lib/postgresql/*/bin; install Debian's `postgresql`")
    programs = _PROGRAMS[-1]
    folder = Path(tempfile.mkdtemp(prefix="picsafe-postgres-"))
    port = _free_port()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    postmaster = Postmaster(programs, folder, port)
    try:
        data = str(folder / "data")
        _run([str(programs / "initdb"), "-D", data, "-U", "picsafe", "-A", "trust", "-E", "UTF8", "--no-sync"], folder)
        try:
            postmaster.start()
            yield Cluster(programs, folder, port, postmaster)
        finally:
            postmaster.stop()
    finally:
        shutil.rmtree(folder)


def _wait_until_ready(programs: Path, port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    command = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(command, check=False).returncode:
        if running.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended with {running.returncode}:\n{log.read_text()}")
        time.sleep(0.05)


def _unprivileged(command: list[str]) -> list[str]:
    """`command` as `nobody` when we are root; it ends with this process, even when this process is killed."""
    identity = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *identity, "--pdeathsig=QUIT", "--", *command]


def _run(command: list[str], folder: Path = Path("/")) -> None:
    """Run one of PostgreSQL's programs; its output is in the error when it fails."""
    result = subprocess.run(
        _unprivileged(command),
        cwd=folder,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{command[0]} failed with {result.returncode}:\n{result.stdout}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
