"""What a test writes with `write_snapshot`, and what it finds in the tables afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import event, select, text

from brokers.records import AccountSnapshot
from models.account import Account, Position
from models.session import Database
from models.snapshot import Written, write_snapshot

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows_of(account_id: uuid.UUID, snapshot: AccountSnapshot) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The account's row and its positions' rows."""
    account = {
        "id": account_id,
        "type": snapshot.type,
        "currency": snapshot.currency,
        "as_of": snapshot.as_of,
        **msgspec.structs.asdict(snapshot.balances),
    }
    return account, [{"account_id": account_id, **msgspec.structs.asdict(row)} for row in snapshot.positions]


def write(database: Database, *fetched: tuple[uuid.UUID, AccountSnapshot], at: datetime = NOON) -> Written:
    """Write these accounts in one call and one transaction."""
    accounts, positions = [], []
    for account_id, snapshot in fetched:
        account, held = rows_of(account_id, snapshot)
        accounts.append(account)
        positions += held
    with database.session() as session:
        return write_snapshot(session, accounts, positions, at)


def account_row(database: Database, account_id: uuid.UUID) -> Account:
    with database.session() as session:
        return session.get_one(Account, account_id)


def held(database: Database, account_id: uuid.UUID) -> dict[str, Position]:
    with database.session() as session:
        found = session.scalars(select(Position).where(Position.account_id == account_id))
        return {row.instrument_key: row for row in found}


def row_versions(database: Database) -> Sequence[Any]:
    """The place and writer of each account and position row: they differ as soon as a row is written again."""
    with database.session() as session:
        return session.execute(
            text(
                "SELECT id::text AS key, ctid::text, xmin::text FROM accounts UNION ALL"
                " SELECT account_id || instrument_key, ctid::text, xmin::text FROM positions ORDER BY 1"
            )
        ).all()


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that is sent to the server meanwhile, but for the limits at the start of a session."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("SET LOCAL"):
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
