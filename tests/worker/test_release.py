"""Connections that waited go on: which ones, how far apart, and within their hours."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func

from models.connection import Connection, Status
from models.session import Database
from tests.records import a_connection
from tests.worker.stored import connection_row, database_now, put, wait_left
from worker.release import release

pytestmark = pytest.mark.servers

BUDGET = 120
"""Requests a minute, so that connections of two requests each go on a second apart."""


def released(database: Database) -> int:
    with database.session() as session:
        return release(session, "fake", ["app_misconfigured"], BUDGET)


def due_at(database: Database, connection_id: uuid.UUID) -> datetime:
    at = connection_row(database, connection_id).next_sync_at
    assert at is not None
    return at


def later(database: Database, **values: Any) -> uuid.UUID:
    """A connection that is due in ten minutes."""
    connection_id = a_connection(database, **values)
    put(database, connection_id, next_sync_at=func.now() + timedelta(minutes=10))
    return connection_id


def test_they_go_on_one_after_the_other_within_the_brokers_budget_the_longest_due_first(database: Database) -> None:
    ids = [a_connection(database) for _ in range(5)]
    for place, connection_id in enumerate(ids):
        put(database, connection_id, next_sync_at=func.now() - timedelta(minutes=place + 1))
    assert released(database) == 5
    times = [due_at(database, each) for each in reversed(ids)]
    assert [later - sooner for sooner, later in pairwise(times)] == [timedelta(seconds=1)] * 4
    assert times[0] <= database_now(database)


def test_who_failed_for_it_is_due_and_who_waits_for_something_else_keeps_its_time(database: Database) -> None:
    failed = later(database, last_error_kind="app_misconfigured")
    others = [later(database), later(database, last_error_kind="rate_limited")]
    elsewhere = later(database, last_error_kind="app_misconfigured", broker="another")
    paused = later(database, last_error_kind="app_misconfigured", status=Status.PAUSED)
    assert released(database) == 1
    assert wait_left(database, failed) <= timedelta(0)
    assert all(wait_left(database, each) > timedelta(minutes=9) for each in (*others, elsewhere, paused))


def test_a_connection_without_a_next_time_gets_none(database: Database) -> None:
    connection_id = a_connection(database, last_error_kind="app_misconfigured", next_sync_at=None)
    assert released(database) == 0
    assert connection_row(database, connection_id).next_sync_at is None


def test_hours_are_kept(database: Database) -> None:
    opens = database_now(database) + timedelta(hours=3)
    connection_id = later(
        database,
        last_error_kind="app_misconfigured",
        hours_from=opens.time(),
        hours_until=(opens + timedelta(hours=1)).time(),
    )
    assert released(database) == 1
    assert timedelta(hours=2, minutes=59) < wait_left(database, connection_id) <= timedelta(hours=3)


def test_those_that_wait_for_their_hours_go_on_from_the_opening_one_after_the_other(database: Database) -> None:
    opens = (database_now(database) + timedelta(hours=3)).replace(microsecond=0)
    hours = {"hours_from": opens.time(), "hours_until": (opens + timedelta(hours=1)).time()}
    waiting = [later(database, last_error_kind="app_misconfigured", **hours) for _ in range(4)]
    open_now = [later(database, last_error_kind="app_misconfigured") for _ in range(3)]
    assert released(database) == 7
    assert sorted(due_at(database, each) for each in waiting) == [opens + timedelta(seconds=n) for n in range(4)]
    assert max(wait_left(database, each) for each in open_now) <= timedelta(seconds=2), "not behind who waits"


def test_whom_the_spread_would_put_behind_its_hours_goes_on_at_their_next_opening(database: Database) -> None:
    opens = (database_now(database) + timedelta(hours=3)).replace(microsecond=0)
    hours = {"hours_from": opens.time(), "hours_until": (opens + timedelta(seconds=2)).time()}
    ids = [later(database, last_error_kind="app_misconfigured", **hours) for _ in range(3)]
    released(database)
    times = sorted(due_at(database, each) for each in ids)
    assert times == [opens, opens + timedelta(seconds=1), opens + timedelta(days=1)]


def test_those_whose_hours_end_before_their_turn_go_on_one_after_the_other_at_the_next_opening(
    database: Database,
) -> None:
    now = database_now(database)
    opened, closes = now - timedelta(hours=1), now + timedelta(seconds=2.5)
    hours = {"hours_from": opened.time(), "hours_until": closes.time()}
    ids = [later(database, last_error_kind="app_misconfigured", **hours) for _ in range(10)]
    anytime = [later(database, last_error_kind="app_misconfigured") for _ in range(3)]
    assert released(database) == 13
    times = sorted(due_at(database, each) for each in ids)
    again = opened + timedelta(days=1)
    waiting = [each for each in times if each >= closes]
    assert waiting == [again + timedelta(seconds=n) for n in range(len(waiting))]
    assert len(waiting) >= 7
    spread = sorted([*times, *(due_at(database, each) for each in anytime)])
    assert all(later - sooner >= timedelta(seconds=1) for sooner, later in pairwise(spread))
    assert max(wait_left(database, each) for each in anytime) <= timedelta(seconds=6), "not behind who waits"


def test_it_is_no_change_of_a_connection(database: Database) -> None:
    connection_id = a_connection(database)
    before = connection_row(database, connection_id).updated_at
    released(database)
    assert connection_row(database, connection_id).updated_at == before


def test_a_connection_that_somebody_holds_is_passed_over_without_waiting(database: Database) -> None:
    held, free = a_connection(database), a_connection(database)
    with database.session() as session:
        session.get_one(Connection, held, with_for_update={"key_share": True})
        assert released(database) == 1
    assert connection_row(database, free).next_sync_at != connection_row(database, held).next_sync_at
