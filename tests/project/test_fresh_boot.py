"""The monotonic clock of a machine that has just booted is near zero: nothing may take a low reading for "recent"."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UPTIME_SECONDS = 20
"""What the clock shows at the start: the issuers' pauses and cache times are longer."""
MODULE = "tests/server/keys/test_tokens.py"
"""What counts time with the monotonic clock: the cache of public keys and the pauses between asking for them."""


def _own_offset() -> int:
    """The offset of the namespace that the tests run in, in seconds: offsets count from the clock of the machine."""
    offsets = Path("/proc/self/timens_offsets")
    lines = offsets.read_text("ascii").splitlines() if offsets.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("monotonic")), 0)


@pytest.fixture
def just_booted() -> list[str]:
    """The command that runs another one with a monotonic clock of `UPTIME_SECONDS`, in a time namespace."""
    offset = UPTIME_SECONDS - int(time.clock_gettime(time.CLOCK_MONOTONIC)) + _own_offset()
    command = ["unshare", "--time", f"--monotonic={offset}", "--fork"]
    probe = [*command, sys.executable, "-c", "import time; print(time.monotonic())"]
    try:
        run = subprocess.run(probe, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("util-linux is not installed, so there are no time namespaces")
    if run.returncode != 0:
        pytest.skip(f"time namespaces cannot be made here (they need root): {run.stderr.strip()}")
    assert UPTIME_SECONDS - 1 <= float(run.stdout) < UPTIME_SECONDS + 60
    return command


def test_tokens_are_verified_on_a_machine_that_has_just_booted(just_booted: list[str]) -> None:
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", MODULE, "-k", "not postgres"]
    run = subprocess.run([*just_booted, *tests], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
