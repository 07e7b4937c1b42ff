"""Runs inside Pyodide in a browser: pytest over tests that were written for CPython. Its text is sent to the page.

Property tests are left out: hypothesis has native code that does not exist for the browser, so a stand-in takes its place.
Coroutine tests run by stack switching (JSPI), which Chromium has; the client itself never depends on it.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest


class InsidePage:
    """A pytest plugin: runs coroutine tests on the page's loop, and remembers how tests ended."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []
        self.skipped: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> bool:
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        try:
            result = pyfuncitem.obj(**arguments)
            if inspect.iscoroutine(result):
                asyncio.get_event_loop().run_until_complete(result)
        except ModuleNotFoundError as error:
            if str(error.name).partition(".")[0] != "cryptography":
                raise
            pytest.skip("encrypts a whole message, for which CPython's way needs cryptography")
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(f"{report.nodeid} ({report.when})\n{report.longreprtext}")
        elif report.skipped:
            self.skipped.append(report.nodeid)
        elif report.when == "call":
            self.passed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(f"{report.nodeid} (collection)\n{report.longreprtext}")


def run(folder: str, paths: list[str]) -> dict[str, Any]:
    """Runs the test files at `paths` under `folder`; how pytest ended, how many passed, which did not."""
    _stand_in_for_hypothesis()
    os.chdir(folder)
    sys.path.insert(0, folder)
    os.environ["PICSAFE_VECTORS"] = f"{folder}/vectors"
    plugin = InsidePage()
    options = [
        "-q",
        "--noconftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:faulthandler",
        "-o",
        "markers=anyio",
        "--tb=short",
        "-W",
        "error",
    ]
    ended = int(pytest.main([*options, *paths], plugins=[plugin]))
    return {"ended": ended, "passed": len(plugin.passed), "failed": plugin.failed, "skipped": len(plugin.skipped)}


def _stand_in_for_hypothesis() -> None:
    def passing(*_arguments: Any, **_options: Any) -> Callable[[Any], Any]:
        return lambda test: test

    def given(*_arguments: Any, **_options: Any) -> Callable[[Any], None]:
        return lambda _test: None

    hypothesis = MagicMock(given=given, settings=passing, example=passing)
    sys.modules["hypothesis"] = hypothesis
    sys.modules["hypothesis.strategies"] = hypothesis.strategies
