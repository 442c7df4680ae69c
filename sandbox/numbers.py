"""How amounts look in an answer. Every number stays a Decimal; nothing here goes through a float.

Schwab writes binary floats: whole numbers with and without `.0` side by side, and noise in the last digits of what it
computes (-273.900000000001). The noise here follows from the seed and the tick.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sandbox.seeded import number_below

FLOAT_DIGITS = 15
CENT = Decimal("0.01")

_encoder = msgspec.json.Encoder(decimal_format="number")

Number = int | Decimal
Block = dict[str, Number | bool]


def encode(document: object) -> bytes:
    """JSON with exact decimal numbers."""
    return _encoder.encode(document)


def money(amount: Decimal) -> Number:
    """An amount to the cent; whole dollars without a point."""
    return short(amount.quantize(CENT))


def short(number: Decimal) -> Number:
    """A number without trailing zeros."""
    if number == number.to_integral_value():
        return int(number)
    return number.normalize()


def quantity(number: Decimal) -> Decimal:
    """A quantity: whole ones with `.0`."""
    return Decimal(int(number)).quantize(Decimal("0.0")) if number == number.to_integral_value() else number.normalize()


def noisy(amount: Decimal, *question: object) -> Number:
    """An amount as float arithmetic leaves it, two times in three: off in the fifteenth digit."""
    noise = number_below(3, "noise", *question) - 1
    if not amount or not noise:
        return short(amount)
    return amount + noise * Decimal(1).scaleb(amount.adjusted() + 1 - FLOAT_DIGITS)
