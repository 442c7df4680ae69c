"""Circuits as they are stored, and what was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from models.circuit import Circuit, open_circuits
from models.event import Event
from models.session import Database
from tests.worker.stored import database_now
from worker.circuits import app_of
from worker.dispatch import dispatch_due_connections
from worker.outages import waiting
from worker.parts import Parts


def circuits(database: Database) -> Sequence[Circuit]:
    with database.session() as session:
        return open_circuits(session)


def the_circuit(database: Database) -> Circuit:
    (circuit,) = circuits(database)
    return circuit


def app_events(database: Database) -> Sequence[Event]:
    """The events of apps, in their order."""
    with database.session() as session:
        return session.scalars(select(Event).where(Event.connection_id.is_(None)).order_by(Event.at)).all()


def kinds(database: Database) -> list[str]:
    return [event.kind for event in app_events(database)]


def open_circuit(parts: Parts, **values: Any) -> None:
    """Of the fake broker's app, as it is: refused an hour ago, its probe due in ten minutes, the last one twenty ago."""
    now = database_now(parts.database)
    app = app_of(parts, "fake")
    given: dict[str, Any] = {
        "broker": "fake",
        "app": app,
        "error_kind": "app_misconfigured",
        "error_text": "POST /token: the app was refused",
        "opened_at": now - timedelta(hours=1),
        "probe_at": now + timedelta(minutes=10),
        "probed_at": now - timedelta(minutes=20),
    }
    with parts.database.session() as session:
        session.add(Circuit(**(given | values)))


def probe_due(database: Database, late_by: timedelta = timedelta(0)) -> None:
    with database.session() as session:
        session.execute(update(Circuit).values(probe_at=func.clock_timestamp() - late_by))


def probe_in(database: Database) -> timedelta:
    """How long until the probe of the only circuit."""
    return the_circuit(database).probe_at - database_now(database)


def dispatched(parts: Parts) -> int:
    """How many connections the dispatcher of this worker sends messages about now."""
    return dispatch_due_connections(parts.database, lambda *_: None, lambda session: waiting(parts, session))
