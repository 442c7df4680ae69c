"""Looking at, and turning, what the worker stored."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from brokers.interface import Broker
from brokers.records import Grant
from models.connection import Connection, Credential
from models.event import Event
from models.run import SyncRun
from models.session import Database
from worker import refresh_marks
from worker.limits import Deadline
from worker.logins import Login, SeenLogin
from worker.tokens import usable_login


def connection_row(database: Database, connection_id: uuid.UUID) -> Connection:
    with database.session() as session:
        return session.get_one(Connection, connection_id)


def credential_row(database: Database, connection_id: uuid.UUID) -> Credential:
    with database.session() as session:
        return session.get_one(Credential, connection_id)


def runs(database: Database, connection_id: uuid.UUID) -> Sequence[SyncRun]:
    with database.session() as session:
        return session.scalars(
            select(SyncRun).where(SyncRun.connection_id == connection_id).order_by(SyncRun.started_at)
        ).all()


def events(database: Database, connection_id: uuid.UUID) -> list[str]:
    with database.session() as session:
        wanted = select(Event.kind).where(Event.connection_id == connection_id).order_by(Event.at)
        return list(session.scalars(wanted))


def database_now(database: Database) -> datetime:
    with database.session() as session:
        return session.scalars(select(func.now())).one()


def usable(database: Database, broker: Broker, connection_id: uuid.UUID, deadline: Deadline) -> Login:
    """`usable_login` of the credentials as they are stored now."""
    with database.session() as session:
        connection, now = session.get(Connection, connection_id), session.scalars(select(func.clock_timestamp())).one()
        credential = session.get(Credential, connection_id)
    login_at, login_ends = (now, None) if connection is None else (connection.login_at, connection.login_expires_at)
    return usable_login(database, broker, SeenLogin(credential, login_at, login_ends, now), deadline)


def put_credential(database: Database, connection_id: uuid.UUID, **values: Any) -> None:
    """Change columns of a connection's credentials behind the worker's back."""
    with database.session() as session:
        session.execute(update(Credential).where(Credential.connection_id == connection_id).values(**values))


def put_tokens(database: Database, connection_id: uuid.UUID, grant: Grant) -> None:
    """As if another process had refreshed the login."""
    with database.session() as session:
        refresh_marks.save(session.get_one(Credential, connection_id), grant, session.scalars(select(func.now())).one())


def until_waiting(database: Database, sessions: int = 1) -> None:
    """Until so many sessions of this database wait for a lock."""
    end = time.monotonic() + 10
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while True:
        # A new transaction each time: one sees the activity as it was when it first looked.
        with database.session() as session:
            waiting = session.scalars(asked).one()
        if waiting == sessions:
            return
        assert time.monotonic() < end, f"{waiting} of {sessions} wait for a lock"
        time.sleep(0.01)


def wait_left(database: Database, connection_id: uuid.UUID) -> timedelta:
    """How long until the connection is due, by the database's clock."""
    with database.session() as session:
        return session.scalars(select(Connection.next_sync_at - func.now()).where(Connection.id == connection_id)).one()


def put(database: Database, connection_id: uuid.UUID, **values: Any) -> None:
    """Change columns of a connection behind the worker's back."""
    with database.session() as session:
        session.execute(update(Connection).where(Connection.id == connection_id).values(**values))


def let_claim_run_out(database: Database, connection_id: uuid.UUID) -> None:
    """As if a process had died and its claim's time were over: what was due then is due now."""
    past = func.now() - timedelta(seconds=1)
    put(database, connection_id, claim_until=past, next_sync_at=past)


def make_due(database: Database, connection_id: uuid.UUID) -> None:
    put(database, connection_id, next_sync_at=func.now() - timedelta(seconds=1))
