"""Programs that only Debian has are missing on a laptop: such a test is skipped there, and the summary says so.

CI sets BROKERSYNC_NO_SKIPS=1, and a skip is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator

import pytest


@pytest.fixture(scope="session")
def system_program() -> Callable[[str], str]:
    """The path of a program by name; the test is skipped where it is not installed."""

    def find(name: str) -> str:
        # Debian keeps servers out of a user's PATH.
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if path is None:
            pytest.skip(f"{name} is not installed: `make system-deps` does it on Debian")
        return path

    return find


@pytest.fixture(scope="session")
def chromium(system_program: Callable[[str], str]) -> str:
    """Debian's Chromium, for `executable_path` of Playwright's `launch`."""
    return system_program("chromium")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and os.environ.get("BROKERSYNC_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, and BROKERSYNC_NO_SKIPS=1: {report.longreprtext}"
