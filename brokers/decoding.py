"""From the bytes of an answer to typed structs, exactly: numbers become `Decimal` without passing through a float.

One parse for each answer. Fields that a struct does not name are skipped, so a broker may add some. A number in quotes
is taken as a number if it is written as JSON writes one. `NaN`, `Infinity`, numbers that cannot be an amount of anything
and texts that cannot be stored end as `Unreadable`, so that nothing a broker writes can break a transaction.
"""

from __future__ import annotations

import re
from decimal import (
    ROUND_05UP,
    Clamped,
    Context,
    Decimal,
    DecimalException,
    Inexact,
    InvalidOperation,
    Overflow,
    Subnormal,
)
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

T = TypeVar("T")

if TYPE_CHECKING:
    Amount = Decimal
else:

    class _OfDecimals(type):
        # It is bound to `Decimal` already, so an instance of that is what counts; and no Python runs for each number.
        __instancecheck__ = Decimal.__instancecheck__

    class Amount(metaclass=_OfDecimals):
        """The type of a field that holds a number. What is read is a plain `Decimal`, finite and of a sane size.

        A type of its own, because msgspec's reading of a `Decimal` takes whatever Python takes: `1_0`, ` 5 `, `NaN`.
        """


Word = Annotated[str, msgspec.Meta(max_length=64)]
"""A symbol, key, type or account number: three times the longest known (21), and far below what an index entry holds."""

Handle = Annotated[str, msgspec.Meta(max_length=128)]
"""An opaque id: twice the longest known, the 64 digits of a SHA-256."""

Line = Annotated[str, msgspec.Meta(max_length=1_000)]
"""A description or a name that a person gave: no known one fills a tenth of it."""

Serial = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number that identifies something: what 64 bits hold."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
"""A number as JSON writes it (RFC 8259, 6)."""

# A number as it is written, whatever its size. What is cut off behind 60 digits, and an exponent without end, leave a
# number that does not fit the frame below: this rounding exists for numbers that are rounded again.
_WRITTEN = Context(prec=60, Emin=-999, Emax=999, rounding=ROUND_05UP, traps=[])

# 40 digits between 10^-30 and 10^24: a wide frame around every amount, price and quantity there is. What does not fit
# sets off a trap. Adding 0 has a number measured, takes the minus from a zero and writes out an exponent's zeros.
_SANE = Context(prec=40, Emin=-30, Emax=24, traps=[Clamped, Inexact, InvalidOperation, Overflow, Subnormal])
_ZERO = Decimal(0)

_UNSTORABLE = "\0"
"""PostgreSQL's text holds every other character. Half a surrogate pair is no JSON, so msgspec refuses it."""
_UNSTORABLE_WRITTEN = rb"\u0000"
"""The one way in which JSON can write it."""

_PATH = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_WRONG_TYPE = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
"""The parts of msgspec's messages that hold names only. The rest may hold values, and is left out."""
_TOO_LONG = "Expected `str` of length <= "


class Unreadable(Exception):
    """What we cannot read, and where: field names and types, never a value. For `BadAnswer` and `AccountFault`."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class _NoAmount(ValueError):
    """Says why in our own words. msgspec adds the place."""


def decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    """For a type that has an `Amount` in it, at whatever depth."""
    return msgspec.json.Decoder(shape, dec_hook=_amount, float_hook=_WRITTEN.create_decimal)


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Raises `Unreadable`."""
    try:
        decoded = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(_fault(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("an answer that is not JSON") from None
    if _UNSTORABLE_WRITTEN in bytes(body):
        _check_texts(decoded, "")
    return decoded


def _check_texts(value: object, where: str) -> None:
    """Raises `Unreadable` for a text that cannot be stored, in what a struct names."""
    if isinstance(value, str) and _UNSTORABLE in value:
        raise Unreadable(f"a text with a character that cannot be stored{_at(where)}")
    if isinstance(value, list):
        for place, item in enumerate(value):
            _check_texts(item, f"{where}[{place}]")
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            _check_texts(getattr(value, field.name), f"{where}.{field.encode_name}".removeprefix("."))


def _amount(_: type, value: Any) -> Decimal:
    """What JSON holds in the place of an `Amount`; a number with a point or an exponent comes as `_WRITTEN` reads it.

    The same amount has the same text here, in PostgreSQL and in what we publish: no minus before a zero, no exponent
    that only stands for zeros. All digits behind the point stay.
    """
    kind = type(value)
    if kind is str:
        if not _NUMBER.fullmatch(value):
            raise _NoAmount("a text that is no number")
        value = _WRITTEN.create_decimal(value)
    elif kind is not Decimal and kind is not int:
        raise _NoAmount("no number")
    try:
        return _SANE.add(value, _ZERO)
    except Clamped:
        # A zero with more places than fit. Of all traps it is the last to go off: nothing else is wrong with it.
        return _ZERO
    except DecimalException:
        raise _NoAmount("a number of an impossible size") from None


def _fault(error: msgspec.ValidationError) -> str:
    """What msgspec says, without the values it may quote."""
    message = str(error)
    at = _PATH.search(message)
    where = _at(at["path"]) if at else ""
    if isinstance(error.__cause__, _NoAmount):
        return f"{error.__cause__}{where}"
    if message.startswith(_TOO_LONG):
        return f"a text of an impossible length{where}"
    if wrong := _WRONG_TYPE.search(message):
        return f"{wrong['got']} instead of {wrong['expected']}{where}"
    if missing := _MISSING.search(message):
        return f"no {missing['field']}{where}"
    return f"an unreadable value{where}"


def _at(path: str) -> str:
    return f" at {path}" if path else ""
