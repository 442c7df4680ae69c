"""What the command line shows, read from the views that dashboards read too."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import TextClause, Uuid, bindparam, text

from models.session import Database

Row = Mapping[str, Any]
"""The columns of a view by name. Amounts are `Decimal`, times aware UTC, `age` and what ends in `_in` are `timedelta`."""

# A filter that is None leaves everything in. The spans are measured by the database's clock, which stamped the rows.
_CONNECTIONS = """
    SELECT c.*, c.login_expires_at - now() AS login_ends_in, c.next_sync_at - now() AS next_sync_in
    FROM v_connections c
    WHERE (CAST(:user_id AS text) IS NULL OR c.user_id = :user_id)
        AND (CAST(:connection_id AS uuid) IS NULL OR c.connection_id = :connection_id)
    ORDER BY c.user_id, c.created_at, c.connection_id
"""
_ACCOUNTS = """
    SELECT a.*, c.login_expires_at FROM v_accounts a JOIN v_connections c USING (connection_id)
    WHERE (CAST(:user_id AS text) IS NULL OR a.user_id = :user_id)
        AND (CAST(:connection_id AS uuid) IS NULL OR a.connection_id = :connection_id)
        AND (CAST(:account_id AS uuid) IS NULL OR a.account_id = :account_id)
    ORDER BY a.user_id, c.created_at, a.connection_id, a.net_liq DESC NULLS LAST, a.masked, a.account_id
"""
_POSITIONS = """
    SELECT p.*, a.masked
    FROM v_positions p JOIN v_accounts a USING (account_id) JOIN v_connections c ON c.connection_id = p.connection_id
    WHERE (CAST(:user_id AS text) IS NULL OR p.user_id = :user_id)
        AND (CAST(:connection_id AS uuid) IS NULL OR p.connection_id = :connection_id)
        AND (CAST(:account_id AS uuid) IS NULL OR p.account_id = :account_id)
    ORDER BY p.user_id, c.created_at, p.connection_id, a.net_liq DESC NULLS LAST, a.masked, p.account_id,
        p.asset_type = 'OPT', coalesce(p.underlying, p.symbol), p.symbol
"""


def connections(database: Database, user_id: str | None = None, connection_id: uuid.UUID | None = None) -> list[Row]:
    """`v_connections`, with `login_ends_in` and `next_sync_in`; the connections of a user stand together, oldest first."""
    return _read(database, _statement(_CONNECTIONS, "connection_id"), user_id=user_id, connection_id=connection_id)


def accounts(
    database: Database,
    user_id: str | None = None,
    connection_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
) -> list[Row]:
    """`v_accounts`, with `login_expires_at`; the accounts of a connection stand together, the largest first."""
    return _read(
        database,
        _statement(_ACCOUNTS, "connection_id", "account_id"),
        user_id=user_id,
        connection_id=connection_id,
        account_id=account_id,
    )


def positions(
    database: Database,
    user_id: str | None = None,
    connection_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
) -> list[Row]:
    """`v_positions`, with the account's `masked` number; an account's options stand after what they are written on."""
    return _read(
        database,
        _statement(_POSITIONS, "connection_id", "account_id"),
        user_id=user_id,
        connection_id=connection_id,
        account_id=account_id,
    )


def _statement(query: str, *ids: str) -> TextClause:
    return text(query).bindparams(*[bindparam(name, type_=Uuid()) for name in ids])


def _read(database: Database, statement: TextClause, **filters: object) -> list[Row]:
    with database.session() as session:
        return [dict(row) for row in session.execute(statement, filters).mappings()]
