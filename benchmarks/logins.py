"""Linked logins at the stand-in, made due and dispatched as the beat does it, outside of what is measured."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from benchmarks.answers import Shape
from benchmarks.report import Spoiled
from models.account import Account
from models.connection import Connection, Credential, Status
from models.session import Database
from worker.dispatch import dispatch_due_connections
from worker.outages import Waiting

_LONG = timedelta(days=1)
"""Nothing is due by itself, and no access token ends, while a figure is taken."""


@dataclass(frozen=True)
class Login:
    """One connection, with the access token that tells the stand-in what it holds."""

    connection_id: uuid.UUID
    user_id: str
    token: str


def link(database: Database, shape: Shape, count: int = 1) -> list[Login]:
    """New connections, active, of accounts that their first sync will find."""
    now = datetime.now(UTC)
    logins = []
    with database.session() as session:
        for _ in range(count):
            connection_id = uuid.uuid4()
            login = Login(connection_id, "42", f"{shape}.{connection_id}")
            session.add(
                Connection(
                    id=connection_id,
                    user_id=login.user_id,
                    broker="schwab",
                    status=Status.ACTIVE,
                    login_at=now,
                    login_expires_at=now + _LONG,
                    sync_interval=_LONG,
                    next_sync_at=now + _LONG,
                )
            )
            session.flush()
            credential = Credential(connection_id=connection_id, access_expires_at=now + _LONG)
            credential.document = {"access_token": login.token, "refresh_token": "never-used"}
            session.add(credential)
            logins.append(login)
    return logins


def dispatch(database: Database, logins: Sequence[Login]) -> dict[uuid.UUID, uuid.UUID]:
    """Make them due and let the dispatcher claim them: the id of each connection's message."""
    wanted = [login.connection_id for login in logins]
    with database.session() as session:
        session.execute(update(Connection).where(Connection.id.in_(wanted)).values(next_sync_at=func.now()))
    messages: dict[uuid.UUID, uuid.UUID] = {}
    while len(messages) < len(logins):
        if not dispatch_due_connections(database, messages.__setitem__, lambda _: Waiting()):
            raise Spoiled("The dispatcher did not find every login due.")
    return messages


def accounts(database: Database, logins: Sequence[Login]) -> dict[uuid.UUID, dict[str, str]]:
    """Of each connection, the account ids by their number."""
    found: dict[uuid.UUID, dict[str, str]] = {login.connection_id: {} for login in logins}
    with database.session() as session:
        for row in session.scalars(select(Account).where(Account.connection_id.in_(found))):
            found[row.connection_id][row.number] = str(row.id)
    return found
