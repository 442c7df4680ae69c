"""Looking into the database now and then while something else is followed: which accounts, how they stand."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models.account import Account, AccountCheck
from models.connection import Connection
from models.session import Database

LOOK_SECONDS = 10.0
"""Between two looks: what they show (a status, an error, a new account) changes seldom, and many may be watching."""
STATEMENT_LIMIT = timedelta(seconds=5)


@dataclass(frozen=True)
class Watched:
    """An account and its connection. `checked_at`: when the broker confirmed it last, as the database knows it.

    `created_at`: when it was listed.
    """

    account_id: str
    number: str
    shared: bool
    checked_at: datetime | None
    created_at: datetime
    connection: Connection


@dataclass(frozen=True)
class Look:
    """What there was at one moment of the database's clock, which also stamps when accounts are confirmed."""

    at: datetime
    accounts: Sequence[Watched]
    _taken: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """The database's time by now, also while it cannot be asked."""
        return self.at + timedelta(seconds=time.monotonic() - self._taken)


@dataclass(frozen=True)
class DatabaseAway:
    """A look failed. What the last one showed may not hold any more."""


class Looking:
    """Looks at the accounts of a user, of a connection, or one; None leaves all in."""

    def __init__(
        self, database: Database, user_id: str | None, connection_id: uuid.UUID | None, account_id: uuid.UUID | None
    ) -> None:
        self._database = database
        wanted = {Connection.user_id: user_id, Connection.id: connection_id, Account.id: account_id}
        self._query = (
            select(
                Account.id,
                Account.masked,
                Account.missing_since.is_(None),
                AccountCheck.checked_at,
                Account.created_at,
                Connection,
            )
            .join(Connection, Connection.id == Account.connection_id)
            .outerjoin(AccountCheck, AccountCheck.account_id == Account.id)
            .where(*[column == value for column, value in wanted.items() if value is not None])
            .order_by(Account.created_at, Account.id)
        )
        self._soon = threading.Event()

    def look(self) -> Look:
        """Raises SQLAlchemy's errors."""
        with self._database.session(STATEMENT_LIMIT) as session:
            rows = session.execute(self._query).all()
            at: datetime = session.scalars(select(func.clock_timestamp())).one()
        return Look(
            at,
            [
                Watched(str(account_id), masked, shared, checked_at, created_at, connection)
                for account_id, masked, shared, checked_at, created_at, connection in rows
            ],
        )

    def events(self) -> Iterator[Look | DatabaseAway]:
        """A look every `LOOK_SECONDS`, for ever; the first one then too."""
        while True:
            self._soon.wait(LOOK_SECONDS)
            self._soon.clear()
            try:
                yield self.look()
            except SQLAlchemyError:
                yield DatabaseAway()

    def soon(self) -> None:
        """Look at once. May be called while another thread takes events."""
        self._soon.set()
