"""Sessions with a limit on every wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

STATEMENT_TIMEOUT = timedelta(seconds=25)
"""Longer than any HTTP call, so that a refresh's open transaction outlives the call made in it."""
LOCK_TIMEOUT = timedelta(seconds=5)
IDLE_IN_TRANSACTION_TIMEOUT = timedelta(seconds=30)
CONNECT_TIMEOUT = timedelta(seconds=5)
POOL_TIMEOUT = timedelta(seconds=5)
SILENCE_LIMIT = timedelta(seconds=30)
"""Longer than any statement may take, and shorter than a sync."""

# SET LOCAL, not connection options: behind PgBouncer the `options` start-up parameter is refused, or silently dropped.
_LIMITS = (
    "SET LOCAL statement_timeout = %(statement)s; SET LOCAL lock_timeout = %(lock)s;"
    " SET LOCAL idle_in_transaction_session_timeout = %(idle)s;"
    # What is asked of PostgreSQL's clock comes in UTC, whatever the server's own zone.
    " SET LOCAL timezone = 'UTC'"
)


class Database:
    """The engine of one process. `pool_size` must cover all threads that may hold a session at once."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=2,
            pool_timeout=POOL_TIMEOUT.total_seconds(),
            hide_parameters=True,  # they would put balances and sealed columns into error texts and logs
            connect_args={
                "connect_timeout": int(CONNECT_TIMEOUT.total_seconds()),
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                # A server that is stopped acknowledges nothing, and its own limits do not run.
                "tcp_user_timeout": int(SILENCE_LIMIT / timedelta(milliseconds=1)),
            },
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._at_once = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def session(self, statement_timeout: timedelta = STATEMENT_TIMEOUT) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error. Objects stay readable afterwards."""
        with self._sessions() as session:
            transaction = session.begin()
            try:
                _limit(session, statement_timeout)
            except DBAPIError as error:
                # PostgreSQL was restarted while this connection lay in the pool. Nothing is lost: the limits come first,
                # so they find it out as a ping would that costs a round trip each time.
                if not error.connection_invalidated:
                    raise
                transaction.rollback()
                # The others in the pool have ended too. SQLAlchemy tells them by the host's clock, which may be set back.
                # Sessions at work keep theirs.
                self.engine.dispose()
                transaction = session.begin()
                _limit(session, statement_timeout)
            with transaction:
                yield session

    def at_once(self, statement: str, values: Mapping[str, Any]) -> None:
        """Run one statement (`%(name)s` for each of `values`) as a transaction of its own: one round trip for four.

        Limits and statement travel as one query, which PostgreSQL takes for one transaction. Nothing is tried again: a
        connection that a restart ended in the pool fails it, so this is for what somebody else makes good.
        """
        with self._at_once.connect() as connection:
            connection.exec_driver_sql(f"{_LIMITS}; {statement}", {**_limits(STATEMENT_TIMEOUT), **values})

    def close(self) -> None:
        self.engine.dispose()


def _limit(session: Session, statement_timeout: timedelta) -> None:
    session.connection().exec_driver_sql(_LIMITS, _limits(statement_timeout))


def _limits(statement_timeout: timedelta) -> dict[str, int]:
    return {
        "statement": _milliseconds(min(statement_timeout, STATEMENT_TIMEOUT)),
        "lock": _milliseconds(LOCK_TIMEOUT),
        "idle": _milliseconds(IDLE_IN_TRANSACTION_TIMEOUT),
    }


def _milliseconds(span: timedelta) -> int:
    # 0 would mean "no limit".
    return max(1, int(span / timedelta(milliseconds=1)))
