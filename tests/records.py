"""Broker's records and stored rows for tests: valid as they are, with the parts that matter to a test named by it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from brokers.records import AccountSnapshot, AssetType, Balances, Grant, Position, Snapshot
from models.account import Account
from models.connection import Connection, Credential, Status
from models.installation import fingerprints
from models.session import Database

NUMBER = "77310452"
ANOTHER_NUMBER = "55120937"
CREDENTIALS = {"access_token": "access-1", "refresh_token": "refresh-1"}


def a_position(symbol: str = "F", quantity: str = "700", **values: Any) -> Position:
    """700 shares of Ford, unless said otherwise."""
    given: dict[str, Any] = {
        "instrument_key": symbol,
        "symbol": symbol,
        "asset_type": AssetType.EQ,
        "broker_asset_type": "EQUITY",
        "quantity": Decimal(quantity),
        "currency": "USD",
        "avg_price": Decimal("11.207714285714"),
        "mark_price": Decimal("11.86"),
        "market_value": Decimal("8302.0"),
        "multiplier": Decimal(1),
    }
    return Position(**(given | values))


def a_snapshot(number: str = NUMBER, *positions: Position, **values: Any) -> AccountSnapshot:
    """A margin account; without positions it holds cash only. `balances` as keywords of `Balances`."""
    balances = {"cash": Decimal("4488.10"), "net_liq": Decimal("19046.56")} | values.pop("balances", {})
    given: dict[str, Any] = {"broker_account_id": f"hash-{number}", "type": "MARGIN", "currency": "USD"}
    return AccountSnapshot(number=number, balances=Balances(**balances), positions=positions, **(given | values))


def an_answer(*accounts: Any) -> Snapshot:
    return Snapshot(accounts=accounts)


def a_grant(number: int = 2, lasts: timedelta | None = timedelta(minutes=30)) -> Grant:
    """What a refresh brings: `access-2` and `refresh-2`, for half an hour."""
    return Grant({"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}, lasts)


def a_connection(database: Database, *, lasts: timedelta | None = timedelta(minutes=30), **values: Any) -> uuid.UUID:
    """A stored connection, active and due, with credentials whose access token ends in `lasts`."""
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "id": uuid.uuid4(),
        "user_id": "42",
        "broker": "fake",
        "status": Status.ACTIVE,
        "login_at": now,
        "login_expires_at": now + timedelta(days=7),
        "sync_interval": timedelta(minutes=5),
        "next_sync_at": now - timedelta(seconds=1),
    }
    with database.session() as session:
        connection = Connection(**(given | values))
        session.add(connection)
        session.flush()
        credential = Credential(
            connection_id=connection.id, access_expires_at=None if lasts is None else now + lasts, token_version=1
        )
        credential.document = CREDENTIALS
        session.add(credential)
        return connection.id


def an_account(database: Database, connection_id: uuid.UUID, number: str = NUMBER, **values: Any) -> uuid.UUID:
    """A stored account that was listed and not fetched yet."""
    with database.session() as session:
        connection = session.get_one(Connection, connection_id)
        account = Account(
            id=uuid.uuid4(),
            connection_id=connection_id,
            number_fp=fingerprints(session).of(connection.broker, number),
            masked=f"…{number[-3:]}",
            broker_account_id=f"hash-{number}",
            **values,
        )
        account.number = number
        session.add(account)
        return account.id
