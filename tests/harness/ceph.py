"""A real S3 server for tests: one node of Ceph (a monitor, an OSD in memory, a RADOS gateway) on ports and in a folder of its own."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "ceph", "ceph-authtool", "monmaptool", "radosgw-admin")
PACKAGES = "radosgw ceph-mon ceph-osd ceph-common"
START_SECONDS = 90
_KEYRING_CAPS = {
    "mon.": ["mon", "allow *"],
    "client.admin": ["mon", "allow *", "osd", "allow *", "mgr", "allow *"],
    "client.rgw": ["mon", "allow rwx", "osd", "allow rwx"],
}


class CephMissing(RuntimeError):
    """Ceph is not installed."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"the S3 tests need a real S3 server, and {', '.join(missing)} is not installed: "
            f"run `make test`, which installs it, or `apt-get install {PACKAGES}`; "
            'to leave these tests out, run pytest with -m "not s3"'
        )


@dataclass
class Ceph:
    """The running cluster."""

    endpoint: str
    access_key: str
    secret_key: str
    folder: Path
    environment: Mapping[str, str] = field(init=False)
    """What boto3's own chain of credentials reads."""

    def __post_init__(self) -> None:
        self.environment = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def admin(self, *arguments: str) -> str:
        """What `radosgw-admin` answers."""
        return _run("radosgw-admin", "-c", self.folder / "ceph.conf", "-n", "client.rgw", *arguments)


@dataclass(frozen=True)
class Outside:
    """Where others reach the gateway, and as whom. On this machine and with random keys when left out."""

    address: str = "127.0.0.1"
    port: int | None = None
    access_key: str = field(default_factory=lambda: secrets.token_hex(10))
    secret_key: str = field(default_factory=lambda: secrets.token_hex(20))


@contextmanager
def running_ceph(outside: Outside | None = None) -> Iterator[Ceph]:
    """A cluster that is gone, with all it stored, at the end."""
    outside = outside or Outside()
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise CephMissing(missing)
    with ExitStack() as stack:
        # Not pytest's own folder: the daemons' sockets have names of at most 107 characters.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ceph-", ignore_cleanup_errors=True)))
        mon_port, free_port = _free_ports(2)
        rgw_port = outside.port or free_port
        fsid = str(uuid.uuid4())
        _write_configuration(folder, fsid, mon_port, f"{outside.address}:{rgw_port}")
        _start_monitor(stack, folder, fsid, mon_port)
        _start_osd(stack, folder)
        ceph = Ceph(f"http://127.0.0.1:{rgw_port}", outside.access_key, outside.secret_key, folder)
        _start_gateway(stack, ceph)
        yield ceph


def _write_configuration(folder: Path, fsid: str, mon_port: int, rgw_endpoint: str) -> None:
    (folder / "ceph.conf").write_text(
        f"""\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon_port}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
crash dir = {folder}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon data avail crit = 1
[mon]
mon data = {folder}/mon
mon initial members = a
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4G
osd class load list = *
osd class default list = *
[client.rgw]
rgw frontends = beast endpoint={rgw_endpoint}
rgw data = {folder}
rgw enable usage log = false
rgw run sync thread = false
rgw enable lc threads = false
"""
    )


def _start_monitor(stack: ExitStack, folder: Path, fsid: str, port: int) -> None:
    keyring, monmap = folder / "keyring", folder / "monmap"
    for number, (name, caps) in enumerate(_KEYRING_CAPS.items()):
        pairs = [part for kind, cap in zip(caps[::2], caps[1::2], strict=True) for part in ("--cap", kind, cap)]
        _run("ceph-authtool", *(["--create-keyring"] if not number else []), keyring, "--gen-key", "-n", name, *pairs)
    _run("monmaptool", "--create", "--addv", "a", f"[v2:127.0.0.1:{port}]", "--fsid", fsid, monmap)
    configured = ("-c", folder / "ceph.conf", "-i", "a")
    _run("ceph-mon", *configured, "--mkfs", "--monmap", monmap, "--keyring", keyring)
    _daemon(stack, folder, "ceph-mon", "-f", *configured)


def _start_osd(stack: ExitStack, folder: Path) -> None:
    ceph = ("ceph", "-c", folder / "ceph.conf", "--connect-timeout", "60")
    identity = str(uuid.uuid4())
    secret = _run("ceph-authtool", "--gen-print-key").strip()
    _run(*ceph, "osd", "new", identity, "0", "-i", "-", text=f'{{"cephx_secret": "{secret}"}}')
    (folder / "osd").mkdir()
    (folder / "osd" / "keyring").write_text(f"[osd.0]\nkey = {secret}\n")
    configured = ("-c", folder / "ceph.conf", "-i", "0", "--keyring", folder / "osd" / "keyring")
    _run("ceph-osd", *configured, "--mkfs", "--osd-uuid", identity)
    _daemon(stack, folder, "ceph-osd", "-f", *configured)


def _start_gateway(stack: ExitStack, ceph: Ceph) -> None:
    keys = ("--access-key", ceph.access_key, "--secret-key", ceph.secret_key)
    ceph.admin("user", "create", "--uid", "picsafe", "--display-name", "PicSafe", *keys)
    gateway = _daemon(stack, ceph.folder, "radosgw", "-f", "-c", ceph.folder / "ceph.conf", "-n", "client.rgw")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and gateway.poll() is None:
        try:
            httpx.get(ceph.endpoint, timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)  # there is nothing to wait on but the port itself
        else:
            return
    raise RuntimeError(f"the RADOS gateway did not start:\n{_tail(ceph.folder / 'client.rgw.log')}")


def _daemon(stack: ExitStack, folder: Path, *command: str | Path) -> subprocess.Popen[bytes]:
    output: IO[bytes] = stack.enter_context((folder / f"{command[0]}.out").open("wb"))
    process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=subprocess.STDOUT)
    stack.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)  # everything it holds is thrown away
    process.wait()


def _run(*command: str | Path, text: str | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)), input=text, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-2000:] if path.exists() else "(no log)"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
