"""What is due by the clock is done, whatever else hangs or fails; and it is seen when it is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from harness.server_process import free_port, running_server
from prometheus_client.parser import text_string_to_metric_families

from picsafe_server.app import create_app
from picsafe_server.runtime import sweeper as sweeping
from picsafe_server.runtime.clock import SystemClock
from picsafe_server.runtime.sweeper import Step, Sweeper
from picsafe_server.settings import Settings

pytestmark = pytest.mark.anyio


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_step_that_hangs_or_fails_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_SECONDS", 0.01)
    rounds = {"hangs": 0, "fails": 0, "works": 0}

    def step(name: str) -> Step:
        async def run() -> int:
            rounds[name] += 1
            if name == "hangs":
                await asyncio.Event().wait()
            if name == "fails":
                raise OSError(5, "Input/output error")
            return 1

        return Step(name, run, seconds=0.05)

    sweeper = Sweeper(SystemClock())
    async with sweeper.running({"users": [step("hangs"), step("fails")], "cloud": [step("works")]}):
        await eventually(lambda: min(rounds.values()) > 2)
        finished = {each.step.name: each.finished_at for each in sweeper.watched}
    assert finished["works"] is not None
    assert finished["hangs"] is None
    assert finished["fails"] is None


async def test_a_sweep_that_is_late_makes_its_role_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(roles=("cloud", "users"), regions=("au",), data=tmp_path))
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
        assert (await http.get("/ready")).status_code == 200
        (discarded,) = (each for each in app.state.sweeper.watched if each.step.name == "discarded")
        discarded._since = time.monotonic() - 3600
        answer = await http.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == {"cloud": ["not finished in time: discarded (au)"]}
        await app.state.sweeper.sweep(discarded)
        assert (await http.get("/ready")).status_code == 200


def test_metrics_have_an_address_of_their_own(tmp_path: Path) -> None:
    port = free_port()
    with running_server(tmp_path, PICSAFE_METRICS_ADDRESS=f"127.0.0.1:{port}") as server:
        assert httpx.get(f"{server.url}/metrics").status_code == 404
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found = {family.name: family.samples for family in text_string_to_metric_families(text)}
    assert {sample.labels["role"]: sample.value for sample in found["picsafe_ready"]} == {
        "users": 1.0, "cloud": 1.0, "keys": 1.0,
    }  # fmt: skip
    late = {(sample.labels["role"], sample.labels["step"]): sample.value for sample in found["picsafe_sweep_late"]}
    assert late["cloud", "discarded"] == late["users", "withdrawal calls made"] == late["keys", "destroyed"] == 0
    assert sum(sample.value for sample in found["picsafe_requests"] if sample.name.endswith("_total")) >= 2
