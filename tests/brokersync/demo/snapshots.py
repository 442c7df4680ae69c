"""A snapshot as the views give it, for what is made of it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from brokersync.demo.snapshot import Snapshot
from models.run import SyncRun

NOW = datetime(2026, 11, 20, 18, 0, 2, tzinfo=UTC)
CONNECTION = uuid.UUID("0b6f2a54-54bb-4c09-9d55-6e5f7a3a6c01")
MARGIN = uuid.UUID("6f3b1a90-1111-4a8f-8f8f-0a1b2c3d4e5f")
IRA = uuid.UUID("a1d5c7e2-2222-4a8f-8f8f-0a1b2c3d4e5f")


def snapshot(**connection: Any) -> Snapshot:
    return Snapshot(
        connection={
            "connection_id": CONNECTION,
            "user_id": "sandbox-demo",
            "broker": "schwab",
            "status": "active",
            "login_expires_at": NOW + timedelta(days=7) - timedelta(seconds=4),
            "login_ends_in": timedelta(days=7) - timedelta(seconds=4),
            "checked_at": NOW - timedelta(seconds=2),
            "age": timedelta(seconds=2),
            **connection,
        },
        accounts=[
            account(MARGIN, "…733", "Trading", "MARGIN", net_liq=Decimal("61746.56"), cash=Decimal("14488.10")),
            account(IRA, "…021", "Rollover IRA", "CASH", net_liq=Decimal("22377.3710"), cash=Decimal("2310.77")),
        ],
        positions=[
            position(MARGIN, "AAPL", "EQ", "120", "187.412583333333", "231.4", "27768", "5278.49"),
            position(
                MARGIN,
                "AAPL  270618C00240000",
                "OPT",
                "2",
                "14.2066",
                "16.35",
                "3270",
                "428.68",
                underlying="AAPL",
                expiry=date(2027, 6, 18),
                strike=Decimal("240"),
                put_call="CALL",
            ),
            position(MARGIN, "INTC", "EQ", "-60", "25.9071", "24.12", "-1447.2", "107.226"),
            position(IRA, "SWTSX", "FUND", "412.337", "13.104822511683", "14.83", "6114.96", "711.36"),
        ],
        runs=[run()],
    )


def account(account_id: uuid.UUID, masked: str, nickname: str, type_: str, **more: Any) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "connection_id": CONNECTION,
        "user_id": "sandbox-demo",
        "masked": masked,
        "nickname": nickname,
        "type": type_,
        "currency": "USD",
        "buying_power": Decimal("88853.04"),
        "version": 2,
        "proof": None,
        "age": timedelta(seconds=2),
        "missing_since": None,
        **more,
    }


def position(
    account_id: uuid.UUID,
    symbol: str,
    asset_type: str,
    quantity: str,
    average: str,
    mark: str,
    value: str,
    gain: str,
    **more: Any,
) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "masked": "…733" if account_id == MARGIN else "…021",
        "instrument_key": symbol,
        "symbol": symbol,
        "asset_type": asset_type,
        "quantity": Decimal(quantity),
        "avg_price": Decimal(average),
        "mark_price": Decimal(mark),
        "market_value": Decimal(value),
        "unrealized_pnl": Decimal(gain),
        "currency": "USD",
        "underlying": None,
        "expiry": None,
        "strike": None,
        "put_call": None,
        **more,
    }


def run(**more: Any) -> SyncRun:
    values = {
        "trigger": "schedule",
        "outcome": "ok",
        "started_at": NOW - timedelta(milliseconds=41),
        "finished_at": NOW,
        "error_kind": None,
        "error_text": None,
    }
    return SyncRun(**{**values, **more})
