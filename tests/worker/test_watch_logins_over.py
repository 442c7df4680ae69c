"""Logins whose time is over by our clock: the broker is asked once, at whatever hour, and what it said counts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, update

from brokers.errors import BrokerDown
from models.connection import LOGIN_OVER, Credential, Status
from models.session import Database
from settings import Settings
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant, a_snapshot, an_account, an_answer
from tests.worker.opened import open_circuit
from tests.worker.stored import connection_row, database_now, events, put, wait_left
from tests.worker.test_watch_logins import told
from worker.backoff import LONGEST, LONGEST_RETRY_AFTER
from worker.circuits import NOT_CONFIGURED
from worker.limits import CLOCK_SKEW
from worker.outcomes import SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection
from worker.watch_logins import watch_logins

pytestmark = pytest.mark.servers

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
TOMORROW = timedelta(hours=20)


def over_since(database: Database, since: timedelta, **values: Any) -> uuid.UUID:
    """A connection whose login ended so long ago; its tokens are from a minute before. Its hours begin tomorrow."""
    now = database_now(database)
    opens = now + TOMORROW
    given = {
        "login_at": now - since - WEEK,
        "login_expires_at": now - since,
        "login_notice": 2 * HOUR,
        "next_sync_at": opens,
        "hours_from": opens.time(),
        "hours_until": (opens + HOUR).time(),
    }
    connection_id = a_connection(database, lasts=-SECOND, **(given | values))
    tokens_from(database, connection_id, -since - MINUTE)
    return connection_id


def tokens_from(database: Database, connection_id: uuid.UUID, when: timedelta) -> None:
    with database.session() as session:
        session.execute(
            update(Credential).where(Credential.connection_id == connection_id).values(refreshed_at=func.now() + when)
        )


def watched(database: Database) -> int:
    return watch_logins(database, Settings())


def is_due(database: Database, connection_id: uuid.UUID) -> bool:
    return wait_left(database, connection_id) <= timedelta(0)


@pytest.mark.parametrize(
    ("since", "due"), [(-SECOND, False), (SECOND, False), (CLOCK_SKEW - 2 * SECOND, False), (CLOCK_SKEW, True)]
)
def test_once_its_time_is_over_also_by_a_clock_that_differs_it_is_due_at_whatever_hour(
    database: Database, since: timedelta, due: bool
) -> None:
    connection_id = over_since(database, since)
    assert watched(database) == due
    assert is_due(database, connection_id) == due


def test_it_is_made_due_once_and_the_end_is_told_by_who_asks_the_broker(database: Database) -> None:
    connection_id = over_since(database, MINUTE)
    assert watched(database) == 1
    assert connection_row(database, connection_id).login_notice == LOGIN_OVER
    put(database, connection_id, next_sync_at=func.now() + HOUR)
    assert watched(database) == 0
    assert not is_due(database, connection_id)
    assert events(database, connection_id) == []


def test_one_that_is_due_already_keeps_its_place(database: Database) -> None:
    connection_id = over_since(database, MINUTE, next_sync_at=datetime.now(UTC) - HOUR)
    before = connection_row(database, connection_id).next_sync_at
    assert watched(database) == 1
    assert connection_row(database, connection_id).next_sync_at == before


def test_one_without_a_time_is_made_due(database: Database) -> None:
    connection_id = over_since(database, MINUTE, next_sync_at=None)
    watched(database)
    assert is_due(database, connection_id)


@pytest.mark.parametrize(
    ("wait", "after"), [(5 * MINUTE, 5 * MINUTE), (LONGEST_RETRY_AFTER, HOUR), (TOMORROW, LONGEST_RETRY_AFTER)]
)
def test_a_failing_one_keeps_its_back_off_but_not_what_its_hours_made_of_it(
    database: Database, wait: timedelta, after: timedelta
) -> None:
    connection_id = over_since(database, MINUTE, consecutive_failures=1, next_sync_at=database_now(database) + wait)
    assert [watched(database), watched(database)] == [1, 0]
    assert after - MINUTE < wait_left(database, connection_id) <= after


def test_the_tokens_of_a_refresh_after_the_end_are_the_brokers_word(database: Database) -> None:
    connection_id = over_since(database, HOUR)
    tokens_from(database, connection_id, -HOUR + MINUTE)
    assert watched(database) == 0
    assert not is_due(database, connection_id)


@pytest.mark.parametrize(("taken", "due"), [(SECOND, True), (CLOCK_SKEW - SECOND, True), (CLOCK_SKEW, False)])
def test_an_answer_from_after_the_end_is_the_brokers_word_too(database: Database, taken: timedelta, due: bool) -> None:
    connection_id = over_since(database, HOUR)
    stored = connection_row(database, connection_id)
    assert stored.login_expires_at
    put(database, connection_id, last_success_at=stored.login_expires_at + taken)
    assert watched(database) == due


def test_while_somebody_is_at_work_nothing_is_done_and_afterwards_it_is(database: Database) -> None:
    connection_id = over_since(database, MINUTE, claim_id=uuid.uuid4(), claim_until=datetime.now(UTC) + HOUR)
    assert watched(database) == 0
    put(database, connection_id, claim_until=func.now())
    assert watched(database) == 1


@pytest.mark.parametrize("status", [Status.PAUSED, Status.CREDENTIALS_UNREADABLE])
def test_where_nobody_asks_the_broker_people_are_told_once(database: Database, status: Status) -> None:
    connection_id = over_since(database, MINUTE, status=status)
    before = connection_row(database, connection_id)
    assert [watched(database), watched(database)] == [1, 0]
    after = connection_row(database, connection_id)
    assert before.login_expires_at
    assert told(database, connection_id) == [
        {
            "kind": "login_ended",
            "actor": "worker",
            "login_expires_at": before.login_expires_at.isoformat().replace("+00:00", "Z"),
            "reason": "its time is over",
        }
    ]
    assert (after.status, after.next_sync_at) == (status, before.next_sync_at), "only the broker's word moves it"


def test_nobody_is_told_of_the_end_of_a_paused_login_that_the_broker_took_after_it(database: Database) -> None:
    connection_id = over_since(database, HOUR, status=Status.PAUSED)
    tokens_from(database, connection_id, -MINUTE)
    assert watched(database) == 0
    assert events(database, connection_id) == []


@pytest.mark.parametrize("status", [Status.LINKING, Status.REAUTH_REQUIRED, Status.DISCONNECTED])
def test_what_is_being_linked_or_has_ended_is_left_alone(database: Database, status: Status) -> None:
    connection_id = over_since(database, MINUTE, status=status)
    assert watched(database) == 0
    assert events(database, connection_id) == []


def test_a_fault_that_passes_is_tried_again_at_any_hour_until_the_broker_has_answered(
    parts: Parts, broker: FakeBroker
) -> None:
    database = parts.database
    connection_id = over_since(database, MINUTE)
    an_account(database, connection_id)
    watched(database)
    broker.will("refresh", BrokerDown("the token endpoint", "status 503"))
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert watched(database) == 0, "its back-off is not cut short"
    assert timedelta(0) < wait_left(database, connection_id) <= LONGEST

    broker.will("refresh", a_grant())
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    asked = len(broker.calls)
    assert watched(database) == 0
    sync_connection(parts, connection_id, "demand")
    assert broker.called("refresh") == 2
    assert len(broker.calls) == asked + 1, "taken after its end, it is asked for nothing but the accounts"
    assert wait_left(database, connection_id) > LONGEST_RETRY_AFTER, "and within its hours"


def test_while_the_broker_refuses_the_app_nobody_asks_it_so_people_are_told_once(
    parts: Parts, broker: FakeBroker
) -> None:
    connection_id = over_since(parts.database, MINUTE)
    elsewhere = over_since(parts.database, MINUTE, broker="elsewhere")
    open_circuit(parts)
    assert [watched(parts.database), watched(parts.database)] == [2, 0]
    assert events(parts.database, connection_id) == ["login_ended"]
    assert events(parts.database, elsewhere) == []
    assert is_due(parts.database, connection_id), "once it takes the app, it is asked"


def test_while_the_broker_answers_nobody_nobody_is_told(parts: Parts) -> None:
    connection_id = over_since(parts.database, MINUTE)
    open_circuit(parts, error_kind="broker_down")
    assert watched(parts.database) == 1
    assert events(parts.database, connection_id) == []


def test_a_worker_without_the_brokers_variables_is_no_reason_to_tell_people(parts: Parts) -> None:
    connection_id = over_since(parts.database, MINUTE)
    open_circuit(parts, app=NOT_CONFIGURED)
    assert watched(parts.database) == 1
    assert events(parts.database, connection_id) == []
