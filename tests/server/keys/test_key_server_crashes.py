"""A key server that is killed in the middle: what it answered is in the log, and the log is one tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from picsafe_server.keys.db.models import log_leaves
from picsafe_server.keys.log.audit import recompute

TESTS = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("answers", [1, 7, 60])
def test_killed_after(tmp_path: Path, answers: int) -> None:
    command = [sys.executable, "-m", "harness.crashing_key_server", str(tmp_path)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = [server.stdout.readline() for _ in range(answers)]
        server.kill()
        said += server.stdout.readlines()
    given = [line.split() for line in said if line.endswith("\n")]
    assert len(given) >= answers
    engine = create_engine(f"sqlite:///{tmp_path}/keys/keys.sqlite")
    with engine.connect() as connection:
        assert recompute(connection).size > len(given)
        rows = connection.execute(select(log_leaves.c.entry_index, log_leaves.c.key_id, log_leaves.c.event))
        logged = {(str(index), key_id) for index, key_id, event in rows if event == "released"}
    engine.dispose()
    assert {tuple(line) for line in given} <= logged
