"""Metrics for Prometheus at a separate address, because they are for the operator only.

Nothing here names a person, a report or an institution.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from picsafe_server.monitoring.readiness import Readiness
from picsafe_server.role import ServerRole
from picsafe_server.runtime.addresses import listening_address
from picsafe_server.runtime.sweeper import Sweeper

_SWEEP_LABELS: Final = ["role", "step", "region"]
_LOG_STATES: Final = {
    "contradicted": "1 when the access log of a key server contradicts what it was",
    "unproven": "1 when a key server has signed a larger log without a proof that it begins with what it was",
    "unseen": "1 when no checkpoint of a key server could be had for an hour",
}


class _State(Collector):
    """Collects values that are already known; a scrape triggers no checks."""

    def __init__(self, roles: Mapping[str, ServerRole], sweeper: Sweeper, readiness: Readiness) -> None:
        self._roles = roles
        self._sweeper = sweeper
        self._readiness = readiness

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called from the thread of the metrics' own server."""
        finished = GaugeMetricFamily(
            "picsafe_sweep_finished_timestamp_seconds", "when a step of a sweep was last finished", labels=_SWEEP_LABELS
        )
        late = GaugeMetricFamily(
            "picsafe_sweep_late", "1 when a step of a sweep should have finished by now", labels=_SWEEP_LABELS
        )
        for each in self._sweeper.watched:
            labels = [each.role, each.step.name, each.step.region]
            if each.finished_at is not None:
                finished.add_metric(labels, each.finished_at.timestamp())
            late.add_metric(labels, float(each.is_late))
        ready = GaugeMetricFamily(
            "picsafe_ready", "1 when a role could serve the last time that /ready was asked", labels=["role"]
        )
        for role, state in self._readiness.last().items():
            ready.add_metric([role], float(state == "ready"))
        clocks = GaugeMetricFamily(
            "picsafe_clock_offset_seconds", "how far another server's clock is ahead of this one's", labels=["server"]
        )
        for server, offset in {
            server: offset for role in self._roles.values() for server, offset in role.clock_offsets().items()
        }.items():
            clocks.add_metric([server], offset)
        logs = [
            GaugeMetricFamily(f"picsafe_key_server_log_{name}", meaning, labels=["key_server"])
            for name, meaning in _LOG_STATES.items()
        ]
        for each_role in self._roles.values():
            for key_server, log in each_role.watched_logs().items():
                for family, value in zip(logs, (log.is_contradicted, log.is_unproven, log.is_unseen), strict=True):
                    family.add_metric([key_server], float(value))
        yield from (finished, late, ready, clocks, *logs)


class Metrics:
    """All figures of a process."""

    def __init__(self, roles: Mapping[str, ServerRole], sweeper: Sweeper, readiness: Readiness) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_State(roles, sweeper, readiness))
        self._requests = Counter("picsafe_requests", "answered requests by status", ["status"], registry=self._registry)
        self._seconds = Counter("picsafe_request_seconds", "time spent on answering them", registry=self._registry)

    def count(self, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(str(status)).inc()
        self._seconds.inc(seconds)

    @contextlib.contextmanager
    def served(self, address: str) -> Iterator[None]:
        """Serve them at `address` (host:port), on a thread, until the block ends; not at all when it is empty."""
        if not address:
            yield
            return
        host, port = listening_address(address, "PICSAFE_METRICS_ADDRESS")
        server, thread = start_http_server(port, host, self._registry)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
