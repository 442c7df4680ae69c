"""How long a fresh process takes before it can do anything: the worker's modules, and `brokersync --help`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import Line, Report
from benchmarks.stage import Stage
from brokersync.lease import PROJECT

ROUNDS = 9
AIM = 300
_PYTHON = [sys.executable, "-c", "pass"]
_WORKER_APP = [sys.executable, "-c", "import worker.app, worker.tasks"]
_HELP = [str(Path(sys.executable).parent / "brokersync"), "--help"]


def take(stage: Stage, rounds: int | None) -> Report:
    commands = {"worker_app": _WORKER_APP, "brokersync_help": _HELP, "bare": _PYTHON}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(1 + (rounds or ROUNDS)):
        for name, command in commands.items():
            spent = _milliseconds(stage, command)
            if number:  # the first one reads from the disk
                taken[name].append(spent)
    found = {name: round(median(times)) for name, times in taken.items()}
    bare = found.pop("bare")
    return Report(
        {"import_ms": found},
        [
            Line("a process that imports the worker's app and tasks", found["worker_app"], "ms", AIM),
            Line("brokersync --help", found["brokersync_help"], "ms", AIM),
            Line("a process that does nothing", bare, "ms"),
        ],
        ["wall time of whole fresh processes, the interpreter's own start included"],
    )


def _milliseconds(stage: Stage, command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=PROJECT, env=stage.environ, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000
