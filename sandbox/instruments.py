"""What can be held: kinds of instrument, with the fields that Schwab gives for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# The 21-character OCC symbol and the pseudo-CUSIP that Schwab gives an option use these.
_EXPIRY_MONTHS = {"CALL": "ABCDEFGHIJKL", "PUT": "MNOPQRSTUVWX"}
_DAYS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """`price` is where its walk begins, in USD; `swing` is its largest move in one tick, in hundredths of a percent.

    The value of a holding is quantity x price x `multiplier`.
    """

    symbol: str
    asset_type: str
    cusip: str
    price: Decimal
    swing: int
    description: str | None = None
    kind: str | None = None
    multiplier: Decimal = Decimal(1)
    price_step: Decimal = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Certificate(Instrument):
    """A certificate of deposit. Its price is in percent of par and a unit is 1000 of face value, hence multiplier 10."""

    maturity: date
    rate: Decimal


@dataclass(frozen=True, kw_only=True)
class Option(Instrument):
    """A listed option on 100 shares. Its price moves with the underlying's, by `delta` (signed) for each dollar."""

    underlying: str
    put_call: str
    strike: Decimal
    expiry: date
    delta: Decimal


def option(
    underlying: str, company: str, put_call: str, strike: str, expiry: date, *, price: str, delta: str
) -> Option:
    """An option with the symbol, pseudo-CUSIP and description in Schwab's form."""
    thousandths = int(Decimal(strike) * 1000)
    month = _EXPIRY_MONTHS[put_call][expiry.month - 1]
    return Option(
        symbol=f"{underlying:<6}{expiry:%y%m%d}{put_call[0]}{thousandths:08d}",
        asset_type="OPTION",
        cusip=f"0{underlying}.{month}{_DAYS[expiry.day]}{expiry.year % 10}{thousandths:07d}",
        price=Decimal(price),
        swing=0,
        description=f"{company} {expiry:%m/%d/%Y} ${strike} {put_call.capitalize()}",
        kind="VANILLA",
        multiplier=Decimal(100),
        price_step=Decimal("0.005"),
        underlying=underlying,
        put_call=put_call,
        strike=Decimal(strike),
        expiry=expiry,
        delta=Decimal(delta),
    )
