"""From the bytes of an answer to typed structs, exactly: numbers become `Decimal` without passing through a float.

One parse for each answer. Fields that a struct does not name are skipped, so a broker may add some. A number in quotes
is taken as a number if it is written as JSON writes one. `NaN`, `Infinity`, numbers that cannot be an amount of anything
and texts that cannot be stored end as `Unreadable`, so that nothing a broker writes can break a transaction.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Subnormal
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

T = TypeVar("T")

if TYPE_CHECKING:
    Amount = Decimal
else:

    class _OfDecimals(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, Decimal)

    class Amount(metaclass=_OfDecimals):
        """The type of a field that holds a number. What is read is a plain `Decimal`, finite and of a sane size.

        A type of its own, because msgspec's reading of a `Decimal` takes whatever Python takes: `1_0`, ` 5 `, `NaN`.
        """


_STORABLE = r"\A[^\x00]*\Z"
"""PostgreSQL's text holds every character but U+0000. Half a surrogate pair is no JSON, so msgspec refuses it."""

Word = Annotated[str, msgspec.Meta(max_length=64, pattern=_STORABLE)]
"""A symbol, key, type or account number: three times the longest known (21), and far below what an index entry holds."""

Handle = Annotated[str, msgspec.Meta(max_length=128, pattern=_STORABLE)]
"""An opaque id: twice the longest known, the 64 digits of a SHA-256."""

Line = Annotated[str, msgspec.Meta(max_length=1_000, pattern=_STORABLE)]
"""A description or a name that a person gave: no known one fills a tenth of it."""

Serial = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number that identifies something: what 64 bits hold."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
"""A number as JSON writes it (RFC 8259, 6)."""

# 40 digits between 10^-30 and 10^24: a wide frame around every amount, price and quantity there is. What does not fit
# sets off a trap; adding nothing to a number is the cheapest way to have it measured.
_SANE = Context(prec=40, Emin=-30, Emax=24, traps=[Inexact, InvalidOperation, Overflow, Subnormal])
_ONE = Decimal(1)

_PATH = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_WRONG_TYPE = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
"""The parts of msgspec's messages that hold names only. The rest may hold values, and is left out."""
_TOO_LONG = "Expected `str` of length <= "
_NOT_STORABLE = "Expected `str` matching regex "


class Unreadable(Exception):
    """What we cannot read, and where: field names and types, never a value. For `BadAnswer` and `AccountFault`."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class _NoAmount(ValueError):
    """Says why in our own words. msgspec adds the place."""


def decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    """For a type that has an `Amount` in it, at whatever depth."""
    return msgspec.json.Decoder(shape, dec_hook=_amount, float_hook=str)


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Raises `Unreadable`."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(_fault(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("an answer that is not JSON") from None


def _amount(_: type, value: Any) -> Decimal:
    """What JSON holds in the place of an `Amount`; a number with a point or an exponent comes as its text.

    The same amount has the same text here, in PostgreSQL and in what we publish: no minus before a zero, no exponent
    that only stands for zeros. All digits behind the point stay.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _NoAmount("no number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise _NoAmount("a text that is no number")
    try:
        sane = _SANE.plus(Decimal(value))
        return sane.quantize(_ONE, context=_SANE) if "E+" in str(sane) else sane
    except DecimalException:
        raise _NoAmount("a number of an impossible size") from None


def _fault(error: msgspec.ValidationError) -> str:
    """What msgspec says, without the values it may quote."""
    message = str(error)
    at = _PATH.search(message)
    where = f" at {at['path']}" if at else ""
    if isinstance(error.__cause__, _NoAmount):
        return f"{error.__cause__}{where}"
    if message.startswith(_TOO_LONG):
        return f"a text of an impossible length{where}"
    if message.startswith(_NOT_STORABLE):
        return f"a text with a character that cannot be stored{where}"
    if wrong := _WRONG_TYPE.search(message):
        return f"{wrong['got']} instead of {wrong['expected']}{where}"
    if missing := _MISSING.search(message):
        return f"no {missing['field']}{where}"
    return f"an unreadable value{where}"
