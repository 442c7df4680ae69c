"""The figures in docs/operating.md follow from the program's own."""

from __future__ import annotations

import re
from datetime import timedelta

import celeryconfig
from brokers.registry import declaration
from models.session import Database
from oauth_web.parts import THREADS
from settings import Settings
from tests.guards.tree import ROOT
from worker import watchdog

PAGE = " ".join((ROOT / "docs" / "operating.md").read_text().split())
# Access tokens of Schwab live this long, and are refreshed two minutes before.
REFRESHED_EVERY = timedelta(minutes=28)


def figure(pattern: str) -> int:
    (found,) = re.findall(pattern, PAGE)
    return int(found)


def most_connections(pool_size: int) -> int:
    """How many sessions an engine of ours opens at most."""
    database = Database("postgresql+psycopg2://nobody@127.0.0.1:1/none", pool_size=pool_size)
    return pool_size + int(database.engine.pool._max_overflow)


def test_the_slots_and_the_database_connections_of_a_worker_are_as_written() -> None:
    assert figure(r"\| (\d+) syncs at once") == celeryconfig.worker_concurrency
    # Two to spare, as `worker.app` makes its pool.
    assert figure(r"at most (\d+) for each worker") == most_connections(celeryconfig.worker_concurrency + 2)
    assert figure(r"worker and (\d+) for `web`") == most_connections(THREADS)


def test_the_budget_of_an_app_key_covers_as_many_connections_as_written() -> None:
    budget = declaration("schwab").requests_per_minute
    assert figure(r"Schwab \| (\d+) requests a minute") == budget
    interval = Settings().sync_interval
    assert figure(r"`SYNC_INTERVAL=(\d+)`") == interval.total_seconds()
    each = timedelta(minutes=1) / interval + timedelta(minutes=1) / REFRESHED_EVERY
    assert figure(r"about (\d+) every five minutes") == budget / each // 100 * 100


def test_what_beat_sends_is_listed_with_how_often() -> None:
    listed = re.findall(r"\| `(\w+)` \| (\d+) (s|min) \|", PAGE)
    every = {
        task: int(count) * {"s": timedelta(seconds=1), "min": timedelta(minutes=1)}[unit]
        for task, count, unit in listed
    }
    assert every == {entry["task"]: entry["schedule"] for entry in celeryconfig.beat_schedule.values()}


def test_the_exit_status_of_a_worker_that_ends_itself_is_as_written() -> None:
    assert figure(r"with status (\d+), when a task hangs") == watchdog.EXIT_STATUS
