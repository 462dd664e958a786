"""The last result of `make soak`, as a page of the docs.

A test tells what it did by ``record_property("soak", [what, how often])``; equal names are added
up. The page is written after each test, so that a run that is stopped has its result, too.
"""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest


class SoakReport:
    """A plugin of pytest, on the process that collects the results."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._counts: Counter[str] = Counter()
        self._passed = self._failed = 0
        self._started = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed += report.failed
        if report.when != "call":
            return
        self._passed += report.passed
        for name, value in report.user_properties:
            if name == "soak":
                what, count = value  # type: ignore[misc]
                self._counts[what] += count
        self._page.write_text(self._text("stopped after"), encoding="utf-8")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self._page.write_text(self._text("ended after"), encoding="utf-8")

    def _text(self, ending: str) -> str:
        minutes = (time.monotonic() - self._started) / 60
        rows = "".join(f"| {what} | {count:,} |\n" for what, count in self._counts.items())
        machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"
        return (
            "# The last soak\n\n"
            "What `make soak` did when it ran last; it writes this page."
            " What each line means is in\n[reliability.md](reliability.md).\n\n"
            f"{time.strftime('%Y-%m-%d')}, {machine}, Python {platform.python_version()}: {ending}"
            f" {minutes:.0f} minutes;\n{self._passed} tests passed, {self._failed} failed.\n\n"
            f"| what was done | times |\n|---|---|\n{rows}"
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-report", type=Path, metavar="PAGE", help="write what was done")


def pytest_configure(config: Any) -> None:
    page = config.getoption("--soak-report")
    if page is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SoakReport(page))
