from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from benchmarks import stage
from benchmarks.__main__ import main
from benchmarks.report import Spoiled
from benchmarks.stage import Stage
from brokersync.lease import PROJECT, KeeperFailed

FOLDERS = "brokersync-bench-*"
NOBODY = "redis://127.0.0.1:1/0"


@contextmanager
def nothing_starts() -> Iterator[Stage]:
    raise KeeperFailed("PostgreSQL did not start: no space left on device")
    yield


@contextmanager
def nothing_works() -> Iterator[Stage]:
    raise Spoiled("3 syncs did not end as ok.")
    yield


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (nothing_starts, "something did not start: PostgreSQL did not start: no space left on device"),
        (nothing_works, "could not be taken: 3 syncs did not end as ok."),
    ],
)
def test_what_does_not_work_is_said_in_a_sentence(broken: object, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "with_own_servers", broken)
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_no_process_and_no_folder(number: signal.Signals, tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "sync_vs_floor", "--rounds", "1000000"],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None
    with run.stderr:
        assert "sync_vs_floor" in run.stderr.readline()
        assert list(tmp_path.glob(FOLDERS))
        time.sleep(0.5)  # into the rounds
        started = psutil.Process(run.pid).children(recursive=True)
        assert started
        run.send_signal(number)
        assert "nothing is left running" in run.stderr.read()
    assert run.wait(10) == 130
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []
    assert not list(tmp_path.glob(FOLDERS))


@pytest.mark.processes
def test_the_last_line_is_json_whatever_else_the_shell_has_set() -> None:
    of_somebody_else = {
        "DATABASE_URL": "nonsense",
        "CELERY_BROKER_URL": NOBODY,
        "HTTP_PROXY": NOBODY,
        "http_proxy": NOBODY,
    }
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "sync_vs_floor", "--rounds", "1"],
        cwd=PROJECT,
        env={**os.environ, **of_somebody_else},
        capture_output=True,
        text=True,
        check=True,
    )
    assert list(json.loads(run.stdout.splitlines()[-1])) == ["sync_vs_floor"]
