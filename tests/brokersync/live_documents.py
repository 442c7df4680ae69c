"""Messages as subscribers parse them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def balances(
    version: int, account_id: str = "a", net_liq: str | None = "100", cash: str | None = "10"
) -> dict[str, Any]:
    return {
        "kind": "balances",
        "account_id": account_id,
        "version": version,
        "currency": "USD",
        "net_liq": None if net_liq is None else Decimal(net_liq),
        "cash": None if cash is None else Decimal(cash),
    }


def positions(version: int, *rows: dict[str, Any], account_id: str = "a") -> dict[str, Any]:
    return {
        "kind": "positions",
        "account_id": account_id,
        "version": version,
        "fetched_at": "2026-03-02T15:00:01.5Z",
        "positions": list(rows),
    }


def held(symbol: str, quantity: str, value: str, **more: Any) -> dict[str, Any]:
    mark = Decimal(value) / Decimal(quantity)
    row = {
        "instrument_key": symbol,
        "symbol": symbol,
        "asset_type": "EQ",
        "qty": Decimal(quantity),
        "market_value": Decimal(value),
        "currency": "USD",
    }
    return {**row, "mark_price": mark, "underlying": None, "strike": None, "put_call": None, **more}
