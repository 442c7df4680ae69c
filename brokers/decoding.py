"""From the bytes of an answer to typed structs, exactly: numbers become `Decimal` without passing through a float.

One parse for each answer. Fields that a struct does not name are skipped, so a broker may add some. A number in quotes
is taken as a number. `NaN`, `Infinity`, and numbers that cannot be an amount of anything end as `Unreadable`.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Subnormal
from functools import cache
from typing import TypeVar, get_args, get_type_hints

import msgspec

T = TypeVar("T")

# 40 digits between 10^-30 and 10^24: a wide frame around every amount, price and quantity there is. What does not fit
# sets off a trap; adding nothing to a number is the cheapest way to have it measured.
_SANE = Context(prec=40, Emin=-30, Emax=24, traps=[Inexact, InvalidOperation, Overflow, Subnormal])

_PATH = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_WRONG_TYPE = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
"""The parts of msgspec's messages that hold names only. The rest may hold values, and is left out."""


class Unreadable(Exception):
    """What we cannot read, and where: field names and types, never a value. For `BadAnswer` and `AccountFault`."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class Numbers(msgspec.Struct, rename="camel"):
    """A struct with `Decimal` fields: each that is there is finite and of a sane size, or the struct is not made."""

    def __post_init__(self) -> None:
        for attribute, field in _decimal_fields(type(self)):
            value = getattr(self, attribute)
            if value is not None and not _is_sane(value):
                raise ValueError(f"number {field}")


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Raises `Unreadable`."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(_fault(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("an answer that is not JSON") from None


@cache
def _decimal_fields(struct: type[Numbers]) -> tuple[tuple[str, str], ...]:
    """The attributes of a struct that are numbers, each with its name in the answer."""
    hints = get_type_hints(struct)
    pairs = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
    return tuple(pair for pair in pairs if Decimal in (hints[pair[0]], *get_args(hints[pair[0]])))


def _is_sane(value: Decimal) -> bool:
    if not value.is_finite():
        return False
    try:
        _SANE.plus(value)
    except DecimalException:
        return False
    return True


def _fault(message: str) -> str:
    """What msgspec says, without the values it may quote."""
    at = _PATH.search(message)
    path = at["path"] if at else ""
    if message.startswith("number "):
        field = message.removeprefix("number ").partition(" ")[0]
        return f"a number that is not finite or of an impossible size at {f'{path}.{field}'.lstrip('.')}"
    where = f" at {path}" if path else ""
    if wrong := _WRONG_TYPE.search(message):
        return f"{wrong['got']} instead of {wrong['expected']}{where}"
    if missing := _MISSING.search(message):
        return f"no {missing['field']}{where}"
    return f"an unreadable value{where}"
