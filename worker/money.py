"""Amounts as people read them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

NOT_GIVEN = "—"
_CENT = Decimal("0.01")


def money(amount: Decimal | None, currency: str | None) -> str:
    """`$12,345.67`, `-$0.50`; `12,345.67 EUR` for other currencies; an em dash for None."""
    if amount is None:
        return NOT_GIVEN
    rounded = _to_cents(amount)
    if currency == "USD":
        return f"{'-' if rounded < 0 else ''}${abs(rounded):,}"
    return f"{rounded:,} {currency or ''}".rstrip()


def percentage(value: Decimal | None) -> str:
    """`98.76%` from a number that is in percent already; an em dash for None."""
    return NOT_GIVEN if value is None else f"{_to_cents(value)}%"


def _to_cents(number: Decimal) -> Decimal:
    # Adding 0 turns -0.00 into 0.00.
    return number.quantize(_CENT, ROUND_HALF_EVEN) + 0
