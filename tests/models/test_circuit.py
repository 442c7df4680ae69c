"""Open circuits as everybody reads them, and how soon their probe may come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models.circuit import BETWEEN_PROBES, Circuit, Opened, bring_forward, open_circuits
from models.session import Database
from tests.models.test_linking import FIRST, linked

pytestmark = pytest.mark.servers

LATER = timedelta(minutes=10)


def now(database: Database) -> datetime:
    with database.session() as session:
        at: datetime = session.scalars(select(func.clock_timestamp())).one()
        return at


def a_circuit(database: Database, **values: Any) -> None:
    """Of a refused app, its probe due later."""
    at = now(database)
    given: dict[str, Any] = {
        "broker": "fake",
        "app": "a-fingerprint",
        "error_kind": "app_misconfigured",
        "error_text": "refused",
        "opened_at": at,
        "probe_at": at + LATER,
    }
    with database.session() as session:
        session.add(Circuit(**(given | values)))


def probe_in(database: Database) -> timedelta:
    with database.session() as session:
        (circuit,) = open_circuits(session)
    return circuit.probe_at - now(database)


def brought_forward(database: Database, broker: str = "fake") -> timedelta:
    with database.session() as session:
        bring_forward(session, broker)
    return probe_in(database)


def test_open_circuits_are_told_by_broker_and_age(database: Database) -> None:
    at = now(database)
    for broker, app, age in (("two", "a", 0), ("one", "b", 1), ("one", "c", 2)):
        a_circuit(database, broker=broker, app=app, opened_at=at - timedelta(hours=age))
    with database.session() as session:
        assert [(each.broker, each.app) for each in open_circuits(session)] == [
            ("one", "c"),
            ("one", "b"),
            ("two", "a"),
        ]


def test_a_first_probe_is_brought_forward_to_now(database: Database) -> None:
    a_circuit(database)
    assert timedelta(seconds=-5) < brought_forward(database) <= timedelta(0)


def test_a_further_probe_comes_no_sooner_than_some_time_after_the_last(database: Database) -> None:
    a_circuit(database, probed_at=now(database) - timedelta(seconds=10))
    for _ in range(2):
        wait = BETWEEN_PROBES - timedelta(seconds=10)
        assert wait - timedelta(seconds=5) < brought_forward(database) <= wait


def test_a_probe_that_is_due_sooner_is_not_put_off(database: Database) -> None:
    a_circuit(database, probed_at=now(database), probe_at=now(database) + timedelta(seconds=5))
    assert brought_forward(database) <= timedelta(seconds=5)


def test_only_the_probes_of_that_broker_are_brought_forward(database: Database) -> None:
    a_circuit(database, broker="another")
    assert brought_forward(database) > LATER - timedelta(seconds=5)


@pytest.mark.parametrize("kind", Opened)
def test_a_login_that_the_broker_took_brings_the_probe_forward(database: Database, kind: Opened) -> None:
    a_circuit(database, error_kind=kind)
    linked(database, "login-1", FIRST)
    assert probe_in(database) <= timedelta(0)
