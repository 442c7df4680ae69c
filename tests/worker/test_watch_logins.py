"""Notices as they are written: once each, with the event, for the logins that it concerns, and at what cost."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from models.connection import Connection, Status
from models.event import Event, EventDelivery
from models.session import Database
from settings import Settings
from tests.records import a_connection
from tests.worker.stored import connection_row, events, put
from worker import watch_logins as watching
from worker.watch_logins import watch_logins

pytestmark = pytest.mark.servers

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NO_NIGHT = Settings(night_hours=None)


def ending_in(database: Database, left: timedelta, **values: Any) -> uuid.UUID:
    """A connection whose login of seven days ends in `left`."""
    ends_at = datetime.now(UTC) + left
    return a_connection(database, login_at=ends_at - timedelta(days=7), login_expires_at=ends_at, **values)


def told(database: Database, connection_id: uuid.UUID) -> list[dict[str, Any]]:
    with database.session() as session:
        wanted = select(Event).where(Event.connection_id == connection_id).order_by(Event.at)
        return [{"kind": event.kind, "actor": event.actor, **event.details} for event in session.scalars(wanted)]


def test_a_notice_says_how_long_is_left_and_until_when_and_goes_to_everybody(database: Database) -> None:
    connection_id = ending_in(database, 24 * HOUR - MINUTE)
    assert watch_logins(database, NO_NIGHT) == 1
    stored = connection_row(database, connection_id)
    assert stored.login_notice == 24 * HOUR
    assert stored.login_expires_at
    assert told(database, connection_id) == [
        {
            "kind": "login_ending",
            "actor": "worker",
            "login_expires_at": stored.login_expires_at.isoformat().replace("+00:00", "Z"),
            "hours_left": 24,
            "reason": "its time is nearly over",
        }
    ]
    with database.session() as session:
        assert set(session.scalars(select(EventDelivery.target))) == {"subscribers", "people", "webhook"}


def test_each_notice_is_given_once(database: Database) -> None:
    connection_id = ending_in(database, 47 * HOUR)
    assert [watch_logins(database, NO_NIGHT) for _ in range(3)] == [1, 0, 0]
    for left in (23 * HOUR, HOUR):
        put(database, connection_id, login_expires_at=datetime.now(UTC) + left)
        assert [watch_logins(database, NO_NIGHT) for _ in range(2)] == [1, 0]
    assert [event["hours_left"] for event in told(database, connection_id)] == [47, 23, 1]


def test_what_is_late_says_how_long_is_really_left(database: Database) -> None:
    connection_id = ending_in(database, 90 * MINUTE + timedelta(seconds=30))
    assert [watch_logins(database, NO_NIGHT) for _ in range(2)] == [1, 0]
    assert [event["hours_left"] for event in told(database, connection_id)] == [2]


def test_a_new_login_has_notices_of_its_own(database: Database) -> None:
    connection_id = ending_in(database, 47 * HOUR, login_notice=2 * HOUR)
    assert watch_logins(database, NO_NIGHT) == 0
    put(database, connection_id, login_notice=None)
    assert watch_logins(database, NO_NIGHT) == 1


@pytest.mark.parametrize("status", list(Status))
def test_notices_are_for_logins_that_are_not_known_to_have_ended(database: Database, status: Status) -> None:
    connection_id = ending_in(database, HOUR, status=status)
    expected = ["login_ending"] if status in {"active", "paused", "credentials_unreadable"} else []
    assert watch_logins(database, NO_NIGHT) == len(expected)
    assert events(database, connection_id) == expected


def test_a_login_without_an_end_or_far_from_it_is_left_alone(database: Database) -> None:
    for connection_id in (a_connection(database, login_expires_at=None), ending_in(database, 48 * HOUR + MINUTE)):
        assert watch_logins(database, NO_NIGHT) == 0
        assert events(database, connection_id) == []


def test_a_notice_that_would_come_in_the_night_is_given_before_it(database: Database) -> None:
    now = datetime.now(UTC)
    before_night = Settings(night_hours=((now + 3 * MINUTE).time(), (now + 6 * HOUR).time()))
    later = Settings(night_hours=((now + 7 * MINUTE).time(), (now + 6 * HOUR).time()))
    connection_id = ending_in(database, 6 * HOUR, login_notice=24 * HOUR)
    assert [watch_logins(database, each) for each in (NO_NIGHT, later, before_night)] == [0, 0, 1]
    assert [event["hours_left"] for event in told(database, connection_id)] == [6]


def test_in_a_zone_that_is_unknown_notices_come_at_any_hour(database: Database) -> None:
    ending_in(database, HOUR, time_zone="Atlantis/Capital")
    assert watch_logins(database, Settings()) == 1


def test_several_workers_at_once_give_each_notice_once(database: Database) -> None:
    ids = [ending_in(database, HOUR) for _ in range(20)]
    together = Barrier(4)

    def watch() -> int:
        together.wait()
        return watch_logins(database, NO_NIGHT)

    with ThreadPoolExecutor(4) as pool:
        done = sum(each.result() for each in [pool.submit(watch) for _ in range(4)])
    # What another one holds is left to the next run.
    done += watch_logins(database, NO_NIGHT)
    assert done == 20
    assert [events(database, connection_id) for connection_id in ids] == [["login_ending"]] * 20


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"login_notice": 2 * HOUR},
        {"status": Status.REAUTH_REQUIRED},
        {"login_expires_at": None},
        {"login_expires_at": datetime.now(UTC) + timedelta(days=7)},
    ],
    ids=["told", "ended", "endless", "repaired"],
)
def test_what_changed_since_the_look_is_heeded(
    database: Database, monkeypatch: pytest.MonkeyPatch, meanwhile: dict[str, Any]
) -> None:
    connection_id = ending_in(database, HOUR)
    see_to = watching._see_to

    def after_a_change(*given: Any) -> int:
        put(database, connection_id, **meanwhile)
        return see_to(*given)

    monkeypatch.setattr(watching, "_see_to", after_a_change)
    assert watch_logins(database, NO_NIGHT) == 0
    assert events(database, connection_id) == []


def test_a_connection_that_somebody_holds_is_left_to_the_next_run(database: Database) -> None:
    held, free = ending_in(database, HOUR), ending_in(database, 2 * HOUR)
    with database.session() as session:
        session.get_one(Connection, held, with_for_update={"key_share": True})
        assert watch_logins(database, NO_NIGHT) == 1
    assert events(database, free) == ["login_ending"]
    assert watch_logins(database, NO_NIGHT) == 1
    assert events(database, held) == ["login_ending"]


def test_a_notice_is_noted_only_with_its_event(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise LookupError

    connection_id = ending_in(database, HOUR)
    with monkeypatch.context() as patched:
        patched.setattr(watching, "record_event", failing)
        assert watch_logins(database, NO_NIGHT) == 0
    assert connection_row(database, connection_id).login_notice is None
    assert watch_logins(database, NO_NIGHT) == 1


def test_a_run_that_takes_too_long_leaves_the_rest_to_the_next_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending_in(database, HOUR)
    with monkeypatch.context() as patched:
        patched.setattr(watching, "LONGEST_RUN", timedelta(0))
        assert watch_logins(database, NO_NIGHT) == 0
    assert watch_logins(database, NO_NIGHT) == 1


def test_logins_far_from_their_end_and_those_that_have_ended_are_not_even_read(database: Database) -> None:
    now = datetime.now(UTC)
    ending = ending_in(database, HOUR)
    weeks_ago = timedelta(days=-30)
    far = [
        {
            "id": uuid.uuid4(),
            "user_id": "42",
            "broker": "fake",
            "status": status,
            "login_at": now,
            "login_expires_at": now + away - number * MINUTE,
            "sync_interval": 5 * MINUTE,
        }
        for number in range(3000)
        for status, away in (("active", timedelta(days=7)), ("disconnected", weeks_ago), ("reauth_required", weeks_ago))
    ]
    read = text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'connections'")
    with database.session() as session:
        session.execute(insert(Connection), far)
        session.execute(text("ANALYZE connections"))
    with database.session() as session:
        before = session.scalars(read).one()
        assert [row.id for row in session.execute(watching._candidates(Settings()))] == [ending]
        assert session.scalars(read).one() - before < 10


def test_after_a_notice_a_login_is_not_looked_at_until_the_next_one_is_near(database: Database) -> None:
    ending_in(database, 40 * HOUR, login_notice=48 * HOUR)
    near = ending_in(database, 34 * HOUR, login_notice=48 * HOUR)
    ending_in(database, 14 * HOUR, login_notice=24 * HOUR)
    with database.session() as session:
        assert [row.id for row in session.execute(watching._candidates(Settings()))] == [near]


def test_a_fault_at_one_login_is_logged_and_holds_up_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = ending_in(database, HOUR), ending_in(database, HOUR + MINUTE)
    look = watching._see_to

    def faulty(session: Session, connection_id: uuid.UUID, settings: Settings) -> int:
        if connection_id == first:
            raise KeyError(connection_id)
        return look(session, connection_id, settings)

    monkeypatch.setattr(watching, "_see_to", faulty)
    assert watch_logins(database, Settings()) == 1
    assert (events(database, first), events(database, second)) == ([], ["login_ending"])
    assert [record.message for record in caplog.records if record.exc_info] == ["internal fault"]
