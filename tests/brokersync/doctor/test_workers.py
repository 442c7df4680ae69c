"""Workers and beat as the doctor sees them; the last tests ask a real worker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import pytest
import redis

from brokersync.doctor import workers
from brokersync.doctor.connections import Slots
from brokersync.doctor.findings import Finding, Level
from brokersync.doctor.workers import Told
from models.session import Database

WELL = {"version": version("brokersync"), "pool": "thread", "slots": 32, "queues": ["brokersync"], "options": []}


def told(dispatches: int = 5, name: str = "celery@here", **changes: Any) -> Told:
    return Told(name, {**WELL, "dispatches": dispatches, **changes})


def findings(redis_url: str) -> list[Finding]:
    return [each for each in workers.examine(redis_url) if isinstance(each, Finding)]


def levels(found: list[Finding]) -> list[tuple[str, Level]]:
    return [(each.check, each.level) for each in found]


@pytest.mark.servers
def test_a_worker_that_is_not_there_is_only_noted(redis_url: str) -> None:
    (found,) = findings(redis_url)
    assert (found.level, "honcho start" in str(found.remedy)) == (Level.NOTE, True)


def test_workers_that_are_as_they_should_be_are_one_line() -> None:
    (found,) = workers.judged([told(), told(name="celery@there", slots=8)])
    assert (found.level, found.said) == (Level.OK, "2 answer, with 40 slots.")


@pytest.mark.parametrize(
    ("worker", "said", "level"),
    [
        (Told("celery@here", None), "of another version, or not ours", Level.WARNING),
        (told(version="0.0.1"), "of version 0.0.1, this is", Level.WARNING),
        (told(queues=["celery"]), "does not read the queue brokersync", Level.FAULT),
        (told(pool="prefork"), "each slot is a process", Level.WARNING),
        (told(pool="solo"), "wait for one another", Level.WARNING),
        (told(options=["time_limit", "max_tasks_per_child"]), "--time-limit, --max-tasks-per-child", Level.WARNING),
    ],
)
def test_a_worker_whose_limits_do_not_hold_is_named(worker: Told, said: str, level: Level) -> None:
    (found,) = workers.judged([told(name="celery@there"), worker])
    assert (found.level, said in found.said, "celery@here" in found.said) == (level, True, True)


def test_options_that_prefork_heeds_are_not_held_against_it() -> None:
    (found,) = workers.judged([told(pool="prefork", options=["time_limit"])])
    assert "--time-limit" not in found.said


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ([told(5)], [told(6)], [("Beat", Level.OK)]),
        ([told(5)], [told(5)], [("Beat", Level.WARNING)]),
        ([told(5)], [told(0)], [("Beat", Level.OK)]),
        ([told(5), told(3, "b")], [told(5), told(4, "b")], [("Beat", Level.OK)]),
        ([Told("a", None)], [Told("a", None)], []),
        ([told(5)], [], []),
    ],
)
def test_beat_is_known_by_what_it_dispatches(
    before: list[Told], after: list[Told], found: list[tuple[str, Level]]
) -> None:
    assert levels(workers.beat(before, after)) == found


@contextmanager
def worker(database_url: str, redis_url: str, *options: str) -> Iterator[None]:
    """A real worker, until it answers."""
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url.replace("+psycopg2", ""),
        "REDIS_URL": redis_url,
        "ENCRYPTION_KEY": os.environ["ENCRYPTION_KEY"],
    }
    arguments = ["-A", "worker.app", "worker", "--without-gossip", "--without-mingle", *options]
    with subprocess.Popen(
        [sys.executable, "-m", "celery", *arguments], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            end = time.monotonic() + 30
            while findings(redis_url)[0].level is Level.NOTE:
                assert time.monotonic() < end, "the worker does not answer"
            yield
        finally:
            process.terminate()


@pytest.mark.processes
@pytest.mark.servers
def test_a_real_worker_tells_its_own_concurrency_and_the_options_it_cannot_heed(
    database: Database, database_url: str, redis_url: str
) -> None:
    with worker(database_url, redis_url, "--queues", "brokersync", "--concurrency", "5", "--time-limit", "9"):
        found = findings(redis_url)
    assert levels(found) == [("Worker", Level.WARNING), ("Beat", Level.WARNING)]
    assert "--time-limit, which a pool of threads does not heed" in found[0].said


@pytest.mark.processes
@pytest.mark.servers
def test_a_real_worker_with_more_slots_is_counted_with_all_of_them(
    database: Database, database_url: str, redis_url: str, redis_client: redis.Redis
) -> None:
    with worker(database_url, redis_url, "--concurrency", "40"):
        found, _, slots = workers.examine(redis_url)
    assert isinstance(found, Finding)
    assert found.said == "One answers, with 40 slots."
    assert slots == Slots(1, 40)
