"""Reading what a control call says. Whatever cannot be understood is answered with what is allowed."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import request

Asked = dict[str, Any]


class BadControl(ValueError):
    """The control call cannot be carried out. The message says what is allowed."""


def posted() -> Asked:
    """The JSON object of this request, its numbers exact."""
    if not request.is_json:
        raise BadControl("send a JSON object with Content-Type: application/json")
    try:
        asked = json.loads(request.get_data(), parse_float=Decimal)
    except (ValueError, InvalidOperation, RecursionError) as error:
        # Not JSON, a number beyond what Decimal holds, or lists in lists without end.
        raise BadControl("the body is not JSON that can be read") from error
    if not isinstance(asked, dict):
        raise BadControl("the body must be a JSON object")
    return asked


def check_names(asked: Asked, *allowed: str) -> None:
    unknown = sorted(set(asked) - set(allowed))
    if unknown:
        raise BadControl(f"unknown: {', '.join(unknown)}; allowed: {', '.join(allowed)}")


def text(asked: Asked, name: str, *choices: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or (choices and value not in choices):
        raise BadControl(f"{name} must be one of: {', '.join(choices)}" if choices else f"{name} must be a text")
    return value


def whole_number(asked: Asked, name: str, default: int, most: int) -> int:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadControl(f"{name} must be a whole number from 1 to {most}")
    return value


def positive_decimal(asked: Asked, name: str, places: int) -> Decimal | None:
    """A number or a text with a number, above 0, with so many places at most. None where it is not given."""
    value = asked.get(name)
    if value is None:
        return None
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    exponent = number.as_tuple().exponent
    if not number.is_finite() or not isinstance(exponent, int) or exponent < -places or not 0 < number < 10**9:
        raise BadControl(f"{name} must be a number above 0 with at most {places} decimal places")
    return number
