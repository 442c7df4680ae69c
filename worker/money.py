"""Amounts as people read them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

NOT_GIVEN = "—"
_CENT = Decimal("0.01")
_WITH_CENTS = frozenset(
    [
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "INR",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "USD",
        "ZAR",
    ]
)
_WITHOUT_CENTS = frozenset({"JPY", "KRW"})


def money(amount: Decimal | None, currency: str | None, *, named: bool = False) -> str:
    """`$12,345.67`, `-$0.50`; `12,345.67 EUR` for other currencies; an em dash for None. `named`: also `0.50 USD`."""
    if amount is None:
        return NOT_GIVEN
    shown = as_shown(amount, currency)
    if currency == "USD" and not named:
        return f"{'-' if shown < 0 else ''}${abs(shown):,f}"
    return f"{shown:,f} {currency or ''}".rstrip()


def as_shown(amount: Decimal, currency: str | None) -> Decimal:
    """With the places that its currency has, two where none is known; all its own digits in any other (`0.00000001 BTC`)."""
    if not currency or currency in _WITH_CENTS:
        return _to_cents(amount)
    if currency in _WITHOUT_CENTS:
        return amount.quantize(Decimal(1), ROUND_HALF_EVEN) + 0
    return trimmed(amount) + 0


def trimmed(number: Decimal) -> Decimal:
    """All its digits, without zeros at their end."""
    whole = number.normalize()
    return whole.quantize(Decimal(1)) if int(whole.as_tuple().exponent) > 0 else whole


def percentage(value: Decimal | None) -> str:
    """`98.76%` from a number that is in percent already; an em dash for None."""
    return NOT_GIVEN if value is None else f"{_to_cents(value)}%"


def _to_cents(number: Decimal) -> Decimal:
    # Adding 0 turns -0.00 into 0.00.
    return number.quantize(_CENT, ROUND_HALF_EVEN) + 0
