"""An owner in a process of its own, to be killed in any way, and what must be gone afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
ENDINGS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


@dataclass(frozen=True)
class Owner:
    """`said` is the JSON line that the script printed when everything was up; `family` all processes below it."""

    process: subprocess.Popen[str]
    said: dict[str, Any]
    family: list[psutil.Process]


@contextmanager
def owner(script: str, **environ: str) -> Iterator[Owner]:
    """Run a script that prints one JSON line when it owns something, and then waits. It is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        said = json.loads(process.stdout.readline())
        yield Owner(process, said, psutil.Process(process.pid).children(recursive=True))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def until(condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Poll; False when it did not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def all_gone(processes: list[psutil.Process]) -> bool:
    # A dead process that nobody waited for counts as gone: in a container process 1 may never collect it.
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
