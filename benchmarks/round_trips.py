"""Every statement that this process sends to PostgreSQL, counted where psycopg2 sends it: BEGIN, COMMIT and pings too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.extensions
from sqlalchemy import event

from models.session import Database

_IDLE = psycopg2.extensions.TRANSACTION_STATUS_IDLE


class RoundTrips:
    """`statements` as they were sent, one after the other."""

    def __init__(self) -> None:
        self.statements: list[str] = []


@contextmanager
def counted(database: Database) -> Iterator[RoundTrips]:
    """Count what goes through new connections of this database; it is left without any at both ends."""
    found = RoundTrips()

    class Cursor(psycopg2.extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            self._note(query, 1)
            super().execute(query, vars)

        def executemany(self, query: Any, vars_list: Any) -> None:
            # One round trip for each, and `execute` is not called for them.
            self._note(query, len(vars_list))
            super().executemany(query, vars_list)

        def _note(self, query: Any, times: int) -> None:
            connection = self.connection
            if not connection.autocommit and connection.get_transaction_status() == _IDLE:
                # psycopg2 sends it by itself, as a round trip of its own.
                found.statements.append("BEGIN")
            found.statements.extend([str(query)] * times)

    class Connection(psycopg2.extensions.connection):
        def commit(self) -> None:
            if self.get_transaction_status() != _IDLE:
                found.statements.append("COMMIT")
            super().commit()

        def rollback(self) -> None:
            if self.get_transaction_status() != _IDLE:
                found.statements.append("ROLLBACK")
            super().rollback()

    def connecting(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> None:
        options.update(connection_factory=Connection, cursor_factory=Cursor)

    database.engine.dispose()
    event.listen(database.engine, "do_connect", connecting)
    try:
        yield found
    finally:
        event.remove(database.engine, "do_connect", connecting)
        database.engine.dispose()
