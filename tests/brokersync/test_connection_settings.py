"""A connection's settings, changed while it waits, fails, is on its way or at work."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from brokersync.connection_settings import Value, change
from models.connection import Status
from models.event import Event
from models.session import Database
from tests.records import a_connection
from tests.worker.no_circuits import dispatch_due_connections, take
from tests.worker.stored import connection_row, database_now, events, put, until_waiting, wait_left
from worker.claims import Claim, release
from worker.not_taken import NotTaken
from worker.outcomes import Outcome

pytestmark = pytest.mark.servers

MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection_id(database: Database) -> uuid.UUID:
    """Asked every 5 minutes; 2 minutes ago the last time."""
    now = database_now(database)
    return a_connection(database, last_success_at=now - 2 * MINUTE, next_sync_at=now + 3 * MINUTE)


def changed(database: Database, connection_id: uuid.UUID, **settings: Value) -> None:
    with database.session() as session:
        change(session, connection_id, settings)


def minutes_left(database: Database, connection_id: uuid.UUID) -> float:
    return round(wait_left(database, connection_id) / MINUTE, 1)


def window(opens: datetime, lasts: timedelta = timedelta(hours=1)) -> dict[str, Any]:
    return {"hours_from": opens.time(), "hours_until": (opens + lasts).time()}


@pytest.mark.parametrize(("interval", "left"), [(10, 8), (3, 1), (1, 0)])
def test_a_new_interval_counts_at_once_from_the_last_sync(
    database: Database, connection_id: uuid.UUID, interval: int, left: int
) -> None:
    changed(database, connection_id, sync_interval=interval * MINUTE)
    assert minutes_left(database, connection_id) == left


def test_new_hours_count_at_once(database: Database, connection_id: uuid.UUID) -> None:
    changed(database, connection_id, **window(database_now(database) + 60 * MINUTE))
    assert minutes_left(database, connection_id) == 60
    changed(database, connection_id, hours_from=None, hours_until=None)
    assert minutes_left(database, connection_id) == 3


def test_a_new_time_zone_moves_the_hours(database: Database, connection_id: uuid.UUID) -> None:
    changed(database, connection_id, **window(database_now(database) + 60 * MINUTE))
    changed(database, connection_id, time_zone="Etc/GMT-2")  # two hours east of Greenwich
    assert minutes_left(database, connection_id) == 23 * 60


def test_a_label_is_set_and_nothing_is_asked_for_it(database: Database, connection_id: uuid.UUID) -> None:
    put(database, connection_id, next_sync_at=database_now(database))
    changed(database, connection_id, label="Jane’s IRA")
    row = connection_row(database, connection_id)
    assert row.label == "Jane’s IRA"
    assert wait_left(database, connection_id) <= timedelta(0)


def test_the_trail_has_the_old_and_the_new(database: Database, connection_id: uuid.UUID) -> None:
    changed(database, connection_id, sync_interval=10 * MINUTE, hours_from=time(9, 30), hours_until=time(16), label="x")
    with database.session() as session:
        (event,) = session.query(Event).where(Event.connection_id == connection_id)
    assert (event.kind, event.actor) == ("settings_changed", "command line")
    assert event.details == {
        "old_sync_interval": 300,
        "new_sync_interval": 600,
        "old_hours_from": None,
        "new_hours_from": "09:30",
        "old_hours_until": None,
        "new_hours_until": "16:00",
        "label": "changed",
    }


def test_of_two_changes_at_once_the_second_counts_from_the_first(database: Database, connection_id: uuid.UUID) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.session() as session:
            change(session, connection_id, {"sync_interval": 10 * MINUTE})
            second = pool.submit(changed, database, connection_id, sync_interval=20 * MINUTE)
            until_waiting(database)
        second.result()
    with database.session() as session:
        trail = session.query(Event).where(Event.connection_id == connection_id).order_by(Event.at)
        details = [event.details for event in trail]
    assert details == [
        {"old_sync_interval": 300, "new_sync_interval": 600},
        {"old_sync_interval": 600, "new_sync_interval": 1200},
    ]


def test_the_trail_which_nobody_can_erase_has_no_label(database: Database, connection_id: uuid.UUID) -> None:
    for label in ("Jane Doe 77310452", "John Doe", None):
        changed(database, connection_id, label=label)
    with database.session() as session:
        details = [event.details for event in session.query(Event).where(Event.connection_id == connection_id)]
    assert details == [{"label": "changed"}] * 3


def test_what_is_set_to_what_it_was_leaves_no_trace(database: Database, connection_id: uuid.UUID) -> None:
    before = connection_row(database, connection_id)
    changed(database, connection_id, sync_interval=5 * MINUTE, time_zone="UTC", label=None)
    assert events(database, connection_id) == []
    assert connection_row(database, connection_id).next_sync_at == before.next_sync_at


def test_a_wait_after_a_failure_is_not_cut_short_by_a_longer_interval(
    database: Database, connection_id: uuid.UUID
) -> None:
    put(database, connection_id, consecutive_failures=2, last_error_kind="broker_down")
    changed(database, connection_id, sync_interval=60 * MINUTE)
    assert minutes_left(database, connection_id) == 3
    changed(database, connection_id, sync_interval=MINUTE)
    assert minutes_left(database, connection_id) == 1


@pytest.mark.parametrize("brokers_word", [{"last_error_kind": "rate_limited"}, {"fetch_state_sealed": "sealed"}])
def test_a_time_that_the_broker_said_is_kept_but_for_the_hours(
    database: Database, connection_id: uuid.UUID, brokers_word: dict[str, Any]
) -> None:
    now = database_now(database)
    put(database, connection_id, next_sync_at=now + 50 * MINUTE, consecutive_failures=1, **brokers_word)
    changed(database, connection_id, sync_interval=MINUTE)
    assert minutes_left(database, connection_id) == 50
    put(database, connection_id, next_sync_at=now + timedelta(hours=17), **window(now + timedelta(hours=17)))
    changed(database, connection_id, hours_from=None, hours_until=None)
    assert minutes_left(database, connection_id) == 60


def test_a_connection_that_was_never_synced_stays_due(database: Database) -> None:
    connection_id = a_connection(database)
    changed(database, connection_id, sync_interval=60 * MINUTE)
    assert minutes_left(database, connection_id) == 0


def test_a_message_on_its_way_does_not_ask_outside_the_new_hours(database: Database) -> None:
    connection_id = a_connection(database)
    sent: list[tuple[uuid.UUID, uuid.UUID]] = []
    dispatch_due_connections(database, lambda *message: sent.append(message))
    changed(database, connection_id, **window(database_now(database) + 60 * MINUTE))
    with database.session() as session:
        assert take(session, connection_id, "schedule", sent[0][1]) == NotTaken(Outcome.SUPERSEDED, None)
    assert minutes_left(database, connection_id) == 60


def test_a_message_on_its_way_is_not_stopped_by_hours_that_are_open(database: Database) -> None:
    connection_id = a_connection(database)
    sent: list[tuple[uuid.UUID, uuid.UUID]] = []
    dispatch_due_connections(database, lambda *message: sent.append(message))
    changed(database, connection_id, **window(database_now(database) - MINUTE))
    with database.session() as session:
        assert isinstance(take(session, connection_id, "schedule", sent[0][1]), Claim)


def test_a_run_at_work_keeps_its_claim_and_goes_by_the_new_settings_when_it_ends(database: Database) -> None:
    connection_id = a_connection(database)
    with database.session() as session:
        claim = take(session, connection_id, "demand", None)
    assert isinstance(claim, Claim)
    changed(database, connection_id, sync_interval=10 * MINUTE, **window(database_now(database) + 60 * MINUTE))
    row = connection_row(database, connection_id)
    assert (row.claim_id, row.next_sync_at) == (claim.run_id, claim.until)
    put(database, connection_id, consecutive_failures=0)
    with database.session() as session:
        held = session.get_one(type(row), connection_id)
        release(held, claim.taken_at + held.sync_interval)
    assert minutes_left(database, connection_id) == 60


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.ACTIVE])
def test_what_the_schedule_does_not_ask_by_its_hours_stays_due_when_it_was(database: Database, status: Status) -> None:
    connection_id = a_connection(database, status=status)
    before = connection_row(database, connection_id).next_sync_at
    changed(database, connection_id, sync_interval=60 * MINUTE, hours_from=time(9, 30), hours_until=time(16))
    row = connection_row(database, connection_id)
    assert (row.next_sync_at, row.status, row.sync_interval) == (before, status, 60 * MINUTE)
