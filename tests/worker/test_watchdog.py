"""A task that no limit reaches ends its process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from worker import watchdog
from worker.watchdog import EXIT_STATUS, Watchdog

SHORT = timedelta(milliseconds=50)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_LOOK_EVERY", 0.01)


def test_a_task_over_its_limit_ends_the_process_once(caplog: pytest.LogCaptureFixture) -> None:
    ends: list[int] = []
    ended = threading.Event()

    def end() -> None:
        ends.append(1)
        ended.set()

    with Watchdog(SHORT, end).watching("sync_connection"):
        assert ended.wait(5)
        time.sleep(0.05)
    assert ends == [1]
    assert [record.__dict__["task"] for record in caplog.records] == ["sync_connection"]


def test_a_log_that_hangs_does_not_save_a_stuck_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_LAST_WORDS", 0.05)
    ended = threading.Event()
    pipe_is_full = threading.Event()
    monkeypatch.setattr(watchdog.log, "critical", lambda *_, **__: pipe_is_full.wait(30))
    with Watchdog(SHORT, ended.set).watching("sync_connection"):
        assert ended.wait(5)
    pipe_is_full.set()


def test_tasks_that_end_in_time_are_let_be_however_many_there_were() -> None:
    ended = threading.Event()
    dog = Watchdog(SHORT, ended.set)
    for _ in range(10):
        with dog.watching("prune"):
            time.sleep(0.01)
    with pytest.raises(ZeroDivisionError), dog.watching("prune"):
        raise ZeroDivisionError
    assert not ended.wait(0.1)


def test_a_short_task_beside_a_stuck_one_does_not_hide_it() -> None:
    ended = threading.Event()
    dog = Watchdog(SHORT, ended.set)
    with dog.watching("sync_connection"):
        while not ended.is_set():
            with dog.watching("prune"):
                time.sleep(0.005)


@pytest.mark.processes
def test_a_process_whose_task_is_stuck_ends_with_70() -> None:
    program = """
import threading
from datetime import timedelta
from worker.watchdog import Watchdog
with Watchdog(timedelta(milliseconds=50)).watching("sync_connection"):
    threading.Event().wait()
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=20, check=False, capture_output=True)
    assert done.returncode == EXIT_STATUS == 70
