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
from dataclasses import dataclass, field
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


_REMEMBER = """
    CREATE SCHEMA remembered;

    CREATE FUNCTION remembered.shape() RETURNS text LANGUAGE sql AS $body$
        SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
            SELECT concat_ws(' ', c.oid, c.relname, c.relkind, c.relacl, a.attname, a.atttypid, a.attnotnull, a.atthasdef)
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                WHERE c.relnamespace = 'public'::regnamespace
            UNION ALL SELECT concat_ws(' ', t.tgrelid, t.tgname, t.tgenabled, t.tgfoid) FROM pg_trigger t
            UNION ALL SELECT concat_ws(' ', o.conrelid, o.conname, o.conbin, o.conkey) FROM pg_constraint o
            UNION ALL SELECT concat_ws(' ', p.proname, p.prosrc, p.proacl) FROM pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace
        ) AS lines(line)
    $body$;

    CREATE FUNCTION remembered.restore() RETURNS text LANGUAGE plpgsql AS $body$
    DECLARE each text;
    BEGIN
        PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
        IF remembered.shape() <> (SELECT shape FROM remembered.at_first) THEN RETURN 'the schema has changed'; END IF;
        SET LOCAL session_replication_role = replica; -- no triggers, and the tables in any order
        FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('DELETE FROM public.%1$I', each);
            EXECUTE format('INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE TABLE remembered.%1$I', each);
        END LOOP;
        FOR each IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
            EXECUTE format('ALTER SEQUENCE public.%1$I RESTART', each);
        END LOOP;
        RETURN 'restored';
    END $body$;

    DO $body$
    DECLARE each text;
    BEGIN
        FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('CREATE TABLE remembered.%1$I AS TABLE public.%1$I', each);
        END LOOP;
        CREATE TABLE remembered.at_first AS SELECT remembered.shape() AS shape;
    END $body$;
"""
"""Copies of all rows in a schema of their own, and a function that puts them back into tables that still have the same columns,
constraints, triggers and rights.
"""


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
    _to_lend: dict[str, str] = field(default_factory=dict)
    """The database that is lent to one test after another, by its template."""

    def create_database(self, template: str | None = None) -> str:
        """A fresh database, empty or a copy of `template`; its name."""
        name = f"t{new_identifier()}"
        self._sql(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, even while somebody is connected to it."""
        self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def lent_database(self, template: str) -> Iterator[str]:
        """A copy of `template` for one test; its name. Each gets the same database with the template's rows restored, which
        costs a sixth of a new one, unless the test before changed more than rows.
        """
        if template not in self._to_lend:
            self._to_lend[template] = self.create_database(template)
            self._sql(_REMEMBER, self._to_lend[template])
        yield self._to_lend[template]
        if self._sql("SELECT remembered.restore()", self._to_lend[template]) != "restored":
            self.drop_database(self._to_lend.pop(template))

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+asyncpg://picsafe@127.0.0.1:{self.port}/{name}"

    def _sql(self, statement: str, database: str = "postgres") -> str:
        host = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "picsafe", "-d", database]
        return _run(
            [str(self.programs / "psql"), "-q", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", *host, "-c", statement]
        )


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


def _run(command: list[str], folder: Path = Path("/")) -> str:
    """What one of PostgreSQL's programs says; it is in the error when it fails."""
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
    return result.stdout.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
