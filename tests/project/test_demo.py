"""What `make run` prints works when it is typed in, with TLS and without."""

from __future__ import annotations

import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PICSAFE = Path(sys.executable).with_name("picsafe")
SECONDS = 120
"""Far more than anything here takes."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    """This one without what a developer may have set for other servers."""
    unwanted = {"SSL_CERT_FILE", "SSL_CERT_DIR"}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("PICSAFE_") and name not in unwanted
    }
    return {**kept, "PYTHONPATH": str(ROOT)}


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[str]:
    """What it has printed when it serves."""
    client = folder / "build" / "client"
    client.mkdir(parents=True)
    (client / "manifest.json").write_text("{}")  # nobody looks at the page here
    printed, log = folder / "printed", folder / "log"
    command = [sys.executable, "-m", "demo", "--port", str(free_port()), *options]
    with printed.open("wb") as output, log.open("wb") as errors:
        process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=output, stderr=errors)
    try:
        wait_until_ready(process, printed, log, folder)
        yield printed.read_text("utf-8")
    finally:
        process.terminate()
        process.wait(SECONDS)


def wait_until_ready(process: subprocess.Popen[bytes], printed: Path, log: Path, folder: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        found = re.search(r"My PicSafe: +(\S+)/", printed.read_text("utf-8"))
        if found is None:
            continue
        certificates = list((folder / "var" / "tls").glob("*.crt"))
        verify = ssl.create_default_context(cafile=str(certificates[0])) if certificates else True
        try:
            if httpx.get(found[1] + "/ready", verify=verify, timeout=10).status_code == 200:
                return
        except httpx.ConnectError:
            continue
    pytest.fail(log.read_text("utf-8"))


@pytest.mark.parametrize("options", [(), ("--tls",)], ids=["http", "TLS"])
def test_the_printed_sync_line_fetches_the_sample_report(tmp_path: Path, options: tuple[str, ...]) -> None:
    with demo(tmp_path, *options) as printed:
        token = re.search(r"picsafe_st_\S+", printed)
        line = next(line for line in printed.splitlines() if "picsafe sync" in line)
        assert token
        assert ".venv/bin/picsafe " in line
        words = shlex.split(line.replace("<the token>", token[0]).replace(".venv/bin/picsafe ", f"{PICSAFE} "))
        done = subprocess.run(
            ["env", *words], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=SECONDS, check=False
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1 stored, 0 refused, 0 waiting.\n"), done.stderr
    (report,) = (path for path in (tmp_path / "var" / "fetched").iterdir() if path.is_dir() and path.name[0] != ".")
    assert len(list(report.glob("*.jpg"))) == 2
