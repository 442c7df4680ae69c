"""Sessions with a limit on every wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Engine, create_engine, text
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
_LIMITS = text(
    "SELECT set_config('statement_timeout', :statement, true), set_config('lock_timeout', :lock, true),"
    " set_config('idle_in_transaction_session_timeout', :idle, true),"
    # What is asked of PostgreSQL's clock comes in UTC, whatever the server's own zone.
    " set_config('timezone', 'UTC', true)"
)


class Database:
    """The engine of one process. `pool_size` must cover all threads that may hold a session at once."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=2,
            pool_timeout=POOL_TIMEOUT.total_seconds(),
            pool_pre_ping=True,
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

    @contextmanager
    def session(self, statement_timeout: timedelta = STATEMENT_TIMEOUT) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error. Objects stay readable afterwards."""
        with self._sessions.begin() as session:
            session.execute(
                _LIMITS,
                {
                    "statement": _milliseconds(min(statement_timeout, STATEMENT_TIMEOUT)),
                    "lock": _milliseconds(LOCK_TIMEOUT),
                    "idle": _milliseconds(IDLE_IN_TRANSACTION_TIMEOUT),
                },
            )
            yield session

    def close(self) -> None:
        self.engine.dispose()


def _milliseconds(span: timedelta) -> str:
    # 0 would mean "no limit".
    return str(max(1, int(span / timedelta(milliseconds=1))))
