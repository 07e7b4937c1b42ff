from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Where it is set, each of the many servers and commands that tests start compiles all that it imports, which takes most of
its time until it is ready.
"""

S3_TESTS: Final = "tests/server/cloud/"
LONGEST_FIRST: Final = (
    "test_cloud_uploads",
    "test_sync_command",
    "test_reverse_proxies",
    "test_roles_in_separate_processes",
    "test_backup_drill",
    "test_database_outages",
    "test_sync_crashes",
    "test_cloud_crashes",
    "test_proxies",
    "test_sync_disk_full",
    "test_generated_client",
    "test_demo",
    "test_fresh_boot",
    "test_key_server_crashes",
    "test_cloud_pieces",
    "test_cloud_s3_uploads",
    "test_hostile_connections",
    "test_start_errors",
    "test_readiness",
    # In a browser
    "test_send_errors",
    "test_patients_in_lists",
    "test_send_accessibility",
    "test_offline_start",
    "test_account",
    "test_sign_in",
    "test_accessibility_themes",
    "test_drafts_survive",
    "test_outbox",
    "test_work_list",
    "test_send",
    "test_no_other_origin",
    "test_inbox",
    "test_viewer_playback",
    "test_full_journey",
    "test_own_key_server",
    "test_viewer_memory",
    "test_viewer_save_to_disk",
)
"""Modules with few, long tests. Processes that share the tests take whole modules, in this order: the last ones are short,
so that no process works alone at the end.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the longest modules to the front; each stays together, and the others stay as they were."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(Path(item.nodeid.partition("::")[0]).stem, len(places)))


def pytest_collection_finish() -> None:
    """Take what exists now out of the garbage collector's work: all modules and tests, which stay to the end."""
    gc.collect()
    gc.freeze()


class ModuleScheduling(LoadScopeScheduling):
    """Gives whole modules to processes, and the whole folder of the cloud's tests to one of them.

    Each process that runs a test with a real S3 server starts one, which takes a quarter of a minute and part of a core.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return S3_TESTS if module.startswith(S3_TESTS) else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Share out the tests by module where `--dist loadscope` is asked for."""
    return ModuleScheduling(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the counts that tests record, which would get lost in the output of parallel processes."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == "told at the end":
                    terminalreporter.write_line(str(value))
