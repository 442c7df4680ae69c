"""The floor's reading: one parse into typed structs with exact numbers, one pass to the columns. No checks, no errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

Number = Decimal | None


class _Instrument(msgspec.Struct, rename="camel"):
    asset_type: str
    symbol: str
    cusip: str | None = None
    description: str | None = None
    underlying_symbol: str | None = None
    put_call: str | None = None


class _Row(msgspec.Struct, rename="camel"):
    instrument: _Instrument
    long_quantity: Decimal
    short_quantity: Decimal
    average_price: Decimal
    market_value: Decimal
    long_open_profit_loss: Number = None
    short_open_profit_loss: Number = None
    current_day_profit_loss: Number = None


class _Current(msgspec.Struct, rename="camel"):
    cash_balance: Decimal
    liquidation_value: Decimal
    equity: Number = None
    equity_percentage: Number = None
    buying_power: Number = None
    buying_power_non_marginable_trade: Number = None
    day_trading_buying_power: Number = None
    available_funds: Number = None
    cash_available_for_trading: Number = None
    long_market_value: Number = None
    short_market_value: Number = None
    long_option_market_value: Number = None
    short_option_market_value: Number = None
    bond_value: Number = None
    mutual_fund_value: Number = None
    money_market_fund: Number = None
    savings: Number = None
    margin_balance: Number = None
    maintenance_requirement: Number = None
    unsettled_cash: Number = None


class _Projected(msgspec.Struct, rename="camel"):
    stock_buying_power: Number = None


class _Account(msgspec.Struct, rename="camel"):
    account_number: str
    type: str
    current_balances: _Current
    projected_balances: _Projected
    positions: list[_Row] = []


class _Entry(msgspec.Struct, rename="camel"):
    securities_account: _Account


class Read(NamedTuple):
    """One account: the columns of its row, and of the rows of its positions."""

    account: dict[str, Any]
    positions: list[dict[str, Any]]


_DECODER = msgspec.json.Decoder(list[_Entry])
_ASSET_TYPES = {"EQUITY": "EQ", "COLLECTIVE_INVESTMENT": "ETF", "OPTION": "OPT"}
_ONE, _HUNDRED = Decimal(1), Decimal(100)


def read(body: bytes, account_ids: Mapping[str, str]) -> list[Read]:
    found = []
    for entry in _DECODER.decode(body):
        account = entry.securities_account
        account_id = account_ids[account.account_number]
        found.append(Read(_balances(account, account_id), [_position(row, account_id) for row in account.positions]))
    return found


def _balances(account: _Account, account_id: str) -> dict[str, Any]:
    now = account.current_balances
    margin = account.type == "MARGIN"
    available = now.available_funds if margin else now.cash_available_for_trading
    return {
        "id": account_id,
        "type": account.type,
        "currency": "USD",
        "cash": now.cash_balance,
        "net_liq": now.liquidation_value,
        "equity": now.equity,
        "equity_percentage": now.equity_percentage,
        "buying_power": now.buying_power if margin else available,
        "stock_buying_power": account.projected_balances.stock_buying_power if margin else available,
        "option_buying_power": now.buying_power_non_marginable_trade if margin else available,
        "day_trading_buying_power": now.day_trading_buying_power,
        "available_funds": available,
        "long_market_value": now.long_market_value,
        "short_market_value": now.short_market_value,
        "long_option_value": now.long_option_market_value,
        "short_option_value": now.short_option_market_value,
        "bond_value": now.bond_value,
        "mutual_fund_value": now.mutual_fund_value,
        "money_market_fund": now.money_market_fund,
        "savings": now.savings,
        "margin_balance": now.margin_balance,
        "maintenance_requirement": now.maintenance_requirement,
        "unsettled_cash": now.unsettled_cash,
        "as_of": None,
    }


def _position(row: _Row, account_id: str) -> dict[str, Any]:
    instrument = row.instrument
    symbol = instrument.symbol
    expiry = strike = None
    multiplier = _ONE
    if instrument.asset_type == "OPTION":
        expiry = date(2000 + int(symbol[6:8]), int(symbol[8:10]), int(symbol[10:12]))
        strike, multiplier = Decimal(symbol[13:]) / 1000, _HUNDRED
    quantity = row.long_quantity - row.short_quantity
    units = quantity * multiplier
    return {
        "account_id": account_id,
        "instrument_key": symbol,
        "symbol": symbol,
        "asset_type": _ASSET_TYPES[instrument.asset_type],
        "broker_asset_type": instrument.asset_type,
        "quantity": quantity,
        "avg_price": row.average_price,
        "mark_price": round(row.market_value / units, 10),
        "market_value": row.market_value,
        "cost_basis": round(row.average_price * units, 10),
        "unrealized_pnl": row.long_open_profit_loss or row.short_open_profit_loss,
        "day_pnl": row.current_day_profit_loss,
        "multiplier": multiplier,
        "currency": "USD",
        "cusip": instrument.cusip,
        "description": instrument.description,
        "underlying": instrument.underlying_symbol,
        "expiry": expiry,
        "strike": strike,
        "put_call": instrument.put_call,
    }
