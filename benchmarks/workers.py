"""The worker of the Procfile and, beside it, the same command with the floor's app: real processes, in any pool."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from celery import Celery

from benchmarks import floor_app
from benchmarks.stage import Stage
from brokersync import supervisor
from brokersync.lease import KeeperFailed

OURS, FLOOR = "worker.app", floor_app.__name__
OUR_QUEUE = "brokersync"
_POOL_CLASSES = {"threads": "celery.concurrency.thread:TaskPool", "prefork": "celery.concurrency.prefork:TaskPool"}
_READY_WITHIN = 30.0
_LAST_LINES = 10


@dataclass(frozen=True)
class Pool:
    """A kind of pool, `threads` or `prefork`, with so many slots."""

    kind: str
    slots: int

    @property
    def options(self) -> str:
        return f" --pool custom --concurrency {self.slots}"

    @property
    def environ(self) -> dict[str, str]:
        # Not `--pool prefork`: Celery takes that for its default, and prefers what the settings say.
        return {"CELERY_CUSTOM_WORKER_POOL": _POOL_CLASSES[self.kind]}

    def __str__(self) -> str:
        return f"{self.kind} {self.slots}"


@dataclass(frozen=True)
class Workers:
    """Both of them at work. `celery` sends them messages."""

    celery: Celery
    processes: supervisor.Processes

    def resident_mb(self, app: str) -> float:
        """What all processes of one of them hold, in megabytes of 10^6 bytes; what they share counts for each of them."""
        return float(sum(each.memory_info().rss for each in _processes(app))) / 1e6

    def cpu_seconds(self, app: str) -> float:
        """What all processes of one of them have used so far, user and system."""
        return float(sum(sum(each.cpu_times()[:2]) for each in _processes(app)))

    def last_words(self, app: str) -> str:
        lines = self.processes.log(app).read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LAST_LINES:])


@contextmanager
def running(stage: Stage, pool: Pool | None = None) -> Iterator[Workers]:
    """Start both and wait until they answer; without `pool`, in the one that `celeryconfig` names.

    Raises `KeeperFailed` with the end of its log when one of them does not.
    """
    command = supervisor.procfile_commands()["worker"]
    environ = stage.environ
    if pool is not None:
        command += pool.options
        environ = {**environ, **pool.environ}
    floor = command.replace(OURS, FLOOR).replace(f"--queues {OUR_QUEUE}", f"--queues {floor_app.QUEUE}")
    commands = {OURS: f"{command} --hostname {OURS}@%h", FLOOR: f"{floor} --hostname {FLOOR}@%h"}
    with (
        supervisor.running(commands, environ, stage.folder, stage.keepers) as processes,
        Celery(broker=stage.environ["REDIS_URL"], set_as_current=False) as celery,
    ):
        workers = Workers(celery, processes)
        _wait_for_both(workers)
        yield workers


def _processes(app: str) -> list[psutil.Process]:
    return [each for each in psutil.Process().children(recursive=True) if app in each.cmdline()]


def _wait_for_both(workers: Workers) -> None:
    until = time.monotonic() + _READY_WITHIN
    missing = {OURS, FLOOR}
    while missing:
        for answer in workers.celery.control.ping(timeout=0.5) or ():
            missing -= {name.partition("@")[0] for name in answer}
        for app in sorted(missing):
            if time.monotonic() > until or workers.processes.states()[app].restarts:
                raise KeeperFailed(f"`celery -A {app} worker` does not answer. It wrote:\n{workers.last_words(app)}")
