"""Single values as a person reads them. What is not there is an em dash, never a 0."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from rich.text import Text

from worker.money import NOT_GIVEN, as_shown, money, trimmed

SHORT_ID = 8
"""Characters of an id in a table; commands take such a beginning for the id."""

_STATUS_STYLES = {"active": "green", "linking": "cyan", "paused": "yellow", "disconnected": "dim"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CENT = Decimal("0.01")
_HUNDREDTH_OF_A_CENT = Decimal("0.0001")


def short_id(value: uuid.UUID | str) -> Text:
    return Text(str(value)[:SHORT_ID], style="cyan")


def plain(value: str | None) -> Text:
    """Words that came from elsewhere: without markup, and without anything that steers a terminal."""
    return Text("".join(each if each.isprintable() else "·" for each in value) if value else NOT_GIVEN)


def named(connection: Mapping[str, Any]) -> str:
    """`Connection 0b6e2f41-… (IRA) of user 42`, of a row with its id, label and user."""
    label = "" if connection["label"] is None else f" ({plain(connection['label'])})"
    return f"Connection {connection['connection_id']}{label} of user {plain(connection['user_id'])}"


def status(value: str) -> Text:
    return Text(value.replace("_", " "), style=_STATUS_STYLES.get(value, "bold red"))


def amount(value: Decimal | None, currency: str | None, *, named: bool = False) -> Text:
    """`$12,345.67`, `-$0.50` (red), `12,345.67 EUR`. `named`: dollars too are `12,345.67 USD`."""
    return Text(
        money(value, currency, named=named), style="red" if value is not None and value < 0 else "", justify="right"
    )


def gain(value: Decimal | None, currency: str | None, *, named: bool = False) -> Text:
    """`+$624.60` (green), `-$71.83` (red); what is shown as nothing either way has no sign: `$0.00`."""
    shown = Decimal(0) if value is None else as_shown(value, currency)
    sign, style = ("+", "green") if shown > 0 else ("", "red" if shown < 0 else "")
    return Text(f"{sign}{money(value, currency, named=named)}", style=style, justify="right")


def quantity(value: Decimal) -> Text:
    """All its digits, without trailing zeros: `700`, `-2`, `12.3456`."""
    return Text(f"{trimmed(value):,f}", style="red" if value < 0 else "", justify="right")


def price(value: Decimal | None) -> Text:
    """To two places, below 1 to four: an average price has many, and `--json` shows them all."""
    if value is None:
        return Text(NOT_GIVEN, justify="right")
    step = _CENT if abs(value) >= 1 else _HUNDREDTH_OF_A_CENT
    return Text(f"{value.quantize(step, ROUND_HALF_EVEN):,f}", justify="right")


def instrument(row: Mapping[str, Any]) -> Text:
    """The symbol; an option as `F 18 Dec 26 $12 C`."""
    if row["put_call"] is None or row["expiry"] is None or row["strike"] is None:
        return plain(row["symbol"])
    expiry: date = row["expiry"]
    day = f"{expiry.day} {_MONTHS[expiry.month - 1]} {expiry:%y}"
    return plain(f"{row['underlying'] or row['symbol']} {day} {trimmed(row['strike']):f} {row['put_call'][0]}")


def ago(span: timedelta | None) -> Text:
    """`12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`; `never` for None."""
    if span is None:
        return Text("never", style="dim")
    return Text(f"{spelled(span, parts=1)} ago")


def moment(at: datetime, *, year: bool = False) -> str:
    """`Fri 27 Nov 18:00 UTC`, or `Fri 27 Nov 2026 18:00 UTC`, of a time in UTC."""
    return f"{at:%a} {at.day} {at:%b %Y %H:%M} UTC" if year else f"{at:%a} {at.day} {at:%b %H:%M} UTC"


SOON = timedelta(days=2)
"""A login that ends within this is told apart: a person has to act, and is told so for the first time."""


def login_end(span: timedelta | None) -> Text:
    """`in 6 d 23 h`, yellow in its last two days; past its end `over for 5 min`, in red. None: it does not end."""
    if span is None:
        return Text("no end", style="dim")
    if span <= timedelta(0):
        return Text(f"over for {spelled(-span, parts=1)}", style="bold red")
    return Text(f"in {spelled(span, parts=2)}", style="yellow" if span <= SOON else "")


def spelled(span: timedelta, parts: int) -> str:
    """The largest units of a span, cut, not rounded: `6 d 23 h` with two parts, `6 d` with one."""
    seconds = max(0, int(span.total_seconds()))
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    first = next((place for place, (_, count) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {unit}" for unit, count in units[first : first + parts] if count) or "0 s"
