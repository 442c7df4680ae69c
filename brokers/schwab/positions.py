"""Schwab's position rows as ours: signed quantities, one row for each instrument, and the prices it implies.

A row has no last price, strike, expiry or multiplier: an option's stand in its symbol, the mark is worked out.
Prices follow one rule, averagePrice × quantity × multiplier = cost, which live answers keep
(openProfitLoss = marketValue − averagePrice × quantity × multiplier).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from functools import reduce

from msgspec.structs import replace

from brokers import occ
from brokers.decoding import Unreadable
from brokers.derived import EXACT, rounded
from brokers.records import AssetType, Position
from brokers.schwab.wire import Instrument, Row

CURRENCY = "USD"
"""An answer names no currency; Schwab keeps these accounts in US dollars."""

ASSET_TYPES = {
    "EQUITY": AssetType.EQ,
    "COLLECTIVE_INVESTMENT": AssetType.ETF,  # every exchange-traded and closed-end fund; not in Schwab's description
    "OPTION": AssetType.OPT,
    "MUTUAL_FUND": AssetType.FUND,
    "FIXED_INCOME": AssetType.BOND,
    "CASH_EQUIVALENT": AssetType.CASH,
    "CURRENCY": AssetType.FX,
    "FOREX": AssetType.FX,
    "FUTURE": AssetType.FUT,
}
"""Any other word, such as INDEX, PRODUCT or one of tomorrow, is OTHER."""

MULTIPLIERS = {
    AssetType.EQ: Decimal(1),
    AssetType.ETF: Decimal(1),
    AssetType.FUND: Decimal(1),
    AssetType.CASH: Decimal(1),
    # A unit is 1,000 of face value and prices are in percent of par: 100 units at 100.0 are worth 100,000.
    AssetType.BOND: Decimal(10),
}
"""What a price is multiplied with for the value of one unit. An option's is in its symbol; others are not known."""

SIGNED = frozenset({AssetType.EQ, AssetType.ETF, AssetType.FUND, AssetType.OPT})
"""What has a price that is never below 0, so that a market value has the sign of its quantity."""


def positions(rows: Iterable[Row]) -> tuple[Position, ...]:
    """Raises `Unreadable` if one row cannot be read: half an account is none.

    A row of quantity 0 stays where it is all there is of an instrument; beside another it says nothing of what is held.
    """
    found: dict[str, list[Position]] = {}
    with localcontext(EXACT):
        for number, row in enumerate(rows):
            try:
                position = _position(row)
            except Unreadable as error:
                raise Unreadable(f"{error.fault} at positions[{number}]") from None
            found.setdefault(position.instrument_key, []).append(position)
        return tuple(sides[0] if len(sides) == 1 else _one(sides) for sides in found.values())


def _position(row: Row) -> Position:
    instrument = row.instrument
    if instrument is None:
        raise Unreadable("no instrument")
    asset_type = ASSET_TYPES.get(instrument.asset_type or "", AssetType.OTHER)
    option = occ.parse(instrument.symbol) if asset_type is AssetType.OPT else None
    symbol = option.symbol if option else instrument.symbol
    key = symbol or instrument.cusip or str(instrument.instrument_id or "")
    if not key:
        raise Unreadable("an instrument without symbol, CUSIP and id")
    quantity = _quantity(row)
    _check_value(row.market_value, quantity, asset_type)
    multiplier = option.multiplier if option else MULTIPLIERS.get(asset_type)
    return Position(
        instrument_key=key,
        symbol=key,
        asset_type=asset_type,
        broker_asset_type=instrument.asset_type or "",
        quantity=quantity,
        currency=CURRENCY,
        avg_price=row.average_price,
        mark_price=_mark(row.market_value, quantity, multiplier),
        market_value=row.market_value,
        cost_basis=_cost(row.average_price, quantity, multiplier),
        unrealized_pnl=_either(row.long_open_profit_loss, row.short_open_profit_loss),
        day_pnl=row.current_day_profit_loss,
        multiplier=multiplier,
        cusip=instrument.cusip or None,
        description=instrument.description or None,
        underlying=_underlying(instrument, option),
        expiry=option.expiry if option else None,
        strike=option.strike if option else None,
        put_call=_put_call(instrument, option),
    )


def _quantity(row: Row) -> Decimal:
    """Long − short. Both are always there live, and positive: a row with one of them is part of an answer."""
    long, short = row.long_quantity, row.short_quantity
    if long is None or short is None:
        raise Unreadable("a row without both quantities")
    if long < 0 or short < 0:
        raise Unreadable("a quantity below 0")
    return long - short


def _check_value(value: Decimal | None, quantity: Decimal, asset_type: AssetType) -> None:
    """A value that contradicts the quantity means that one of them is not what we take it for."""
    if not value:
        return
    if not quantity:
        raise Unreadable("a market value without a quantity")
    if asset_type in SIGNED and (value < 0) != (quantity < 0):
        raise Unreadable("a market value whose sign is not its quantity's")


def _cost(price: Decimal | None, quantity: Decimal, multiplier: Decimal | None) -> Decimal | None:
    return None if price is None or multiplier is None else rounded(price * quantity * multiplier)


def _mark(value: Decimal | None, quantity: Decimal, multiplier: Decimal | None) -> Decimal | None:
    """The price of one unit that a market value implies, where that can be told."""
    return None if value is None or multiplier is None or not quantity else rounded(value / (quantity * multiplier))


def _either(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The sum of what is there."""
    return other if one is None else one if other is None else one + other


def _both(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The sum, or None where a part is not known."""
    return None if one is None or other is None else one + other


def _underlying(instrument: Instrument, option: occ.OptionSymbol | None) -> str | None:
    return instrument.underlying_symbol or (option.root if option else None)


def _put_call(instrument: Instrument, option: occ.OptionSymbol | None) -> str | None:
    if option:
        return option.put_call
    return instrument.put_call if instrument.put_call in {"PUT", "CALL"} else None


def _one(rows: Sequence[Position]) -> Position:
    """All rows of one instrument as one."""
    return reduce(_merged, [row for row in rows if row.quantity] or rows[:1])


def _merged(one: Position, other: Position) -> Position:
    """Two rows of one instrument, such as a long and a short side of it, as one.

    The average is weighted by the signed quantities, so that it still gives the cost; where they cancel out there is none.
    """
    if one.multiplier != other.multiplier:
        raise Unreadable("two different instruments with one symbol")
    quantity = one.quantity + other.quantity
    average = None
    if quantity and one.avg_price is not None and other.avg_price is not None:
        average = rounded((one.avg_price * one.quantity + other.avg_price * other.quantity) / quantity)
    market_value = _both(one.market_value, other.market_value)
    return replace(
        one,
        quantity=quantity,
        avg_price=average,
        mark_price=_mark(market_value, quantity, one.multiplier),
        market_value=market_value,
        cost_basis=_both(one.cost_basis, other.cost_basis),
        unrealized_pnl=_both(one.unrealized_pnl, other.unrealized_pnl),
        day_pnl=_both(one.day_pnl, other.day_pnl),
    )
