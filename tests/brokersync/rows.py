"""Rows as the queries give them, and the same rows stored: one account that holds an option and owes for a short."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from models.account import AccountCheck, Position
from models.session import Database
from tests.records import a_connection, an_account

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def connection_row(**values: Any) -> dict[str, Any]:
    return {
        "connection_id": uuid.UUID("0b6e2f41-0000-4000-8000-000000000001"),
        "user_id": "42",
        "broker": "schwab",
        "label": None,
        "status": "active",
        "sync_interval": timedelta(minutes=5),
        "hours_from": None,
        "hours_until": None,
        "time_zone": "UTC",
        "login_expires_at": NOW + timedelta(days=6),
        "login_ends_in": timedelta(days=6, hours=23),
        "checked_at": NOW,
        "age": timedelta(seconds=12),
        "next_sync_in": timedelta(minutes=4),
        "last_error_kind": None,
        "last_error_text": None,
    } | values


def account_row(**values: Any) -> dict[str, Any]:
    return {
        "account_id": uuid.UUID("6f1c03aa-0000-4000-8000-000000000002"),
        "connection_id": uuid.UUID("0b6e2f41-0000-4000-8000-000000000001"),
        "user_id": "42",
        "masked": "…733",
        "nickname": "Trading",
        "type": "MARGIN",
        "currency": "USD",
        "net_liq": Decimal("119046.565"),
        "cash": Decimal("-4488.1"),
        "age": timedelta(seconds=12),
        "missing_since": None,
        "proof": None,
    } | values


def position_row(**values: Any) -> dict[str, Any]:
    return {
        "account_id": uuid.UUID("6f1c03aa-0000-4000-8000-000000000002"),
        "masked": "…733",
        "symbol": "F",
        "asset_type": "EQ",
        "quantity": Decimal("700"),
        "avg_price": Decimal("11.207714285714"),
        "mark_price": Decimal("11.86"),
        "market_value": Decimal("8302.0"),
        "unrealized_pnl": Decimal("456.60"),
        "currency": "USD",
        "underlying": None,
        "expiry": None,
        "strike": None,
        "put_call": None,
    } | values


def option_row(**values: Any) -> dict[str, Any]:
    option = {
        "symbol": "F     270115P00011000",
        "asset_type": "OPT",
        "quantity": Decimal("-5"),
        "market_value": Decimal("-177.5"),
        "underlying": "F",
        "expiry": date(2027, 1, 15),
        "strike": Decimal("11.000"),
        "put_call": "PUT",
    }
    return position_row(**(option | values))


def a_login(database: Database, number: str = "77310452", **values: Any) -> tuple[uuid.UUID, uuid.UUID]:
    """A stored connection with one account, checked 12 s ago, that holds shares and a short option; both ids."""
    connection_id = a_connection(database, broker="schwab", **values)
    balances = {"net_liq": Decimal("19046.56"), "cash": Decimal("4488.10"), "stock_buying_power": Decimal("88853.04")}
    account_id = an_account(database, connection_id, number, type="MARGIN", currency="USD", version=2, **balances)
    with database.session() as session:
        session.add(AccountCheck(account_id=account_id, checked_at=datetime.now(UTC) - timedelta(seconds=12)))
        for row in (position_row(), option_row()):
            held = {name: value for name, value in row.items() if name not in {"account_id", "masked"}}
            session.add(
                Position(account_id=account_id, instrument_key=row["symbol"], broker_asset_type="EQUITY", **held)
            )
    return connection_id, account_id
