"""Figures that we work out from a broker's: at most ten decimals, exact until the last step."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

PLACES = Decimal("1e-10")
ZERO = Decimal(0)

EXACT = Context(prec=120, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Wide enough that no product of two numbers that `brokers.decoding` lets through is rounded."""


def rounded(value: Decimal) -> Decimal:
    """`value` with ten decimals at most, no zeros at its end and no minus before a zero: one amount, one way to write it."""
    short = EXACT.quantize(value, PLACES).normalize(EXACT)
    return EXACT.add(short, ZERO)  # which writes out an exponent's zeros
