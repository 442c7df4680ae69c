"""The audit trail cannot be changed."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models.connection import Connection
from models.event import Event, record_event
from models.session import Database
from tests.records import a_connection

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET kind = 'other'", "DELETE FROM events", "TRUNCATE events CASCADE"]
)
def test_events_refuse_to_be_changed_or_removed(database: Database, statement: str) -> None:
    connection_id = a_connection(database)
    with database.session() as session:
        record_event(session, "linked", session.get_one(Connection, connection_id), "browser", accounts=2)

    def change() -> None:
        with database.session() as session:
            session.execute(text(statement))

    with pytest.raises(DBAPIError, match="events are append only"):
        change()
    with database.session() as session:
        (event,) = session.scalars(select(Event))
        login_expires_at = session.get_one(Connection, connection_id).login_expires_at
    assert (event.kind, event.connection_id, event.user_id, event.broker) == ("linked", connection_id, "42", "fake")
    assert login_expires_at is not None
    as_it_stood = login_expires_at.isoformat().replace("+00:00", "Z")
    assert (event.actor, event.details) == ("browser", {"accounts": 2, "login_expires_at": as_it_stood})


def test_an_event_that_nobody_is_told_of_holds_its_details_only(database: Database) -> None:
    with database.session() as session:
        record_event(
            session, "settings_changed", session.get_one(Connection, a_connection(database)), "me", interval=60
        )
    with database.session() as session:
        assert session.scalars(select(Event.details)).all() == [{"interval": 60}]


def test_a_login_without_an_end_is_told_of_as_such(database: Database) -> None:
    with database.session() as session:
        connection = session.get_one(Connection, a_connection(database, login_expires_at=None))
        record_event(session, "linked", connection, "browser")
    with database.session() as session:
        assert session.scalars(select(Event.details)).all() == [{"login_expires_at": None}]


def test_an_event_outlives_the_connection_it_tells_of(database: Database) -> None:
    connection_id = a_connection(database)
    with database.session() as session:
        connection = session.get_one(Connection, connection_id)
        record_event(session, "disconnected", connection, "demand")
        session.flush()
        session.delete(connection)
    with database.session() as session:
        assert session.scalars(select(Event.connection_id)).all() == [connection_id]


def test_an_event_stands_or_falls_with_what_it_tells_of(database: Database) -> None:
    connection_id = a_connection(database)

    def fail() -> None:
        with database.session() as session:
            record_event(session, "linked", session.get_one(Connection, connection_id), "browser")
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.session() as session:
        assert session.scalars(select(Event)).all() == []
