"""What the facts are when the rows are so."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

import settings
from brokersync.standing.facts import Facts
from brokersync.standing.reading import read
from models.circuit import Circuit
from models.connection import Connection, Status
from models.event import record_event
from models.session import Database
from tests.records import a_connection

pytestmark = pytest.mark.servers


EVERYBODY = {"notify_urls": "json://127.0.0.1:1", "webhook_url": "http://127.0.0.1:1/", "webhook_secret": "x"}


def facts(database: Database, connection_id: uuid.UUID, **given: Any) -> Facts:
    with database.session() as session:
        return read(session, connection_id, settings.Settings(**given))


def happens(database: Database, connection_id: uuid.UUID, kind: str, reason: str | None = None) -> None:
    with database.session() as session:
        record_event(session, kind, session.get_one(Connection, connection_id), "worker", reason=reason)


def test_times_are_those_of_the_databases_clock(database: Database) -> None:
    connection_id = a_connection(database, broker="schwab")
    read_at = facts(database, connection_id)
    assert abs(read_at.now - datetime.now(UTC)) < timedelta(seconds=5)
    assert read_at.ends_in is not None
    assert timedelta(days=6, hours=23) < read_at.ends_in < timedelta(days=7)


def test_the_broker_is_named_with_what_names_its_app(database: Database) -> None:
    read_at = facts(database, a_connection(database, broker="schwab"))
    assert read_at.title == "Charles Schwab"
    assert read_at.app_variables == ("SCHWAB_CLIENT_ID", "SCHWAB_CLIENT_SECRET")


def test_a_broker_that_is_not_there_any_more_goes_by_its_name(database: Database) -> None:
    read_at = facts(database, a_connection(database, broker="gone"))
    assert (read_at.title, read_at.app_variables) == ("gone", ())


@pytest.mark.parametrize(
    ("lives", "near"), [(timedelta(days=7), 48), (timedelta(hours=48), 24), (timedelta(hours=1), 0), (None, 0)]
)
def test_a_notice_as_long_as_the_logins_life_is_none(lives: timedelta | None, near: int, database: Database) -> None:
    now = datetime.now(UTC)
    ends: dict[str, Any] = {"login_at": now, "login_expires_at": None if lives is None else now + lives}
    assert facts(database, a_connection(database, **ends)).near == timedelta(hours=near)


def test_the_first_notice_is_as_it_is_set(database: Database) -> None:
    read_at = facts(database, a_connection(database), login_notices=(timedelta(hours=72), timedelta(hours=1)))
    assert read_at.near == timedelta(hours=72)


def test_the_last_event_of_each_kind_counts_since_the_login(database: Database) -> None:
    connection_id = a_connection(database, status=Status.REAUTH_REQUIRED)
    happens(database, connection_id, "reauth_required", "lost in a crash")
    happens(database, connection_id, "reauth_required", "ended by the broker")
    happens(database, a_connection(database), "paused")
    assert {kind: each.reason for kind, each in facts(database, connection_id).happened.items()} == {
        "reauth_required": "ended by the broker"
    }
    with database.session() as session:
        session.get_one(Connection, connection_id).login_at = datetime.now(UTC) + timedelta(minutes=1)
    assert facts(database, connection_id).happened == {}


@pytest.mark.parametrize("kind", ["paused", "given_up"])
def test_what_paused_a_connection_is_known_after_its_repair_too(kind: str, database: Database) -> None:
    connection_id = a_connection(database, status=Status.PAUSED)
    happens(database, connection_id, kind, "why")
    with database.session() as session:
        session.get_one(Connection, connection_id).login_at = datetime.now(UTC) + timedelta(minutes=1)
    assert facts(database, connection_id).happened[kind].reason == "why"


def opened(database: Database, opened_at: datetime, **values: Any) -> None:
    with database.session() as session:
        given = {
            "broker": "fake",
            "app": "x",
            "error_kind": "app_misconfigured",
            "error_text": "",
            "probe_at": opened_at,
        }
        session.add(Circuit(**(given | values), opened_at=opened_at))


@pytest.mark.parametrize(("after", "holds"), [(-60, True), (60, True), (120, False)])
def test_a_circuit_after_whose_opening_it_was_answered_is_of_other_settings(
    after: int, holds: bool, database: Database
) -> None:
    now = datetime.now(UTC)
    opened(database, now - timedelta(hours=3))
    succeeded = now - timedelta(hours=3) + timedelta(seconds=after)
    circuit = facts(database, a_connection(database, last_success_at=succeeded)).circuit
    assert (circuit is not None) == holds, "a run that was under way when it opened may end after that"


def test_the_newest_circuit_of_its_broker_holds_a_connection_back(database: Database) -> None:
    now = datetime.now(UTC)
    with database.session() as session:
        for broker, app, minutes in (("fake", "old", 1), ("fake", "new", 4), ("another", "x", 9)):
            probe_at = now + timedelta(minutes=minutes)
            session.add(
                Circuit(
                    broker=broker,
                    app=app,
                    error_kind="app_misconfigured",
                    error_text="",
                    opened_at=now,
                    probe_at=probe_at,
                )
            )
    circuit = facts(database, a_connection(database)).circuit
    assert circuit is not None
    assert circuit.probe_at == now + timedelta(minutes=4)


def test_hours_are_by_the_connections_own_zone(database: Database) -> None:
    hours: dict[str, Any] = {"hours_from": time(9, 30), "hours_until": time(16), "time_zone": "America/New_York"}
    read_at = facts(database, a_connection(database, **hours))
    assert read_at.hours is not None
    assert str(read_at.hours.zone) == "America/New_York"
