from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from brokers.decoding import Numbers, Unreadable, decode


class Lot(Numbers):
    unit_price: Decimal | None = None
    amount: Decimal | None = None


class Depot(msgspec.Struct, rename="camel"):
    owner_name: str
    all_lots: list[Lot]


LOT = msgspec.json.Decoder(Lot)
DEPOT = msgspec.json.Decoder(Depot)


def fault(decoder: msgspec.json.Decoder[Any], body: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        decode(decoder, body)
    return caught.value.fault


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-518.200000000003", "-518.200000000003"),
        ("0.1", "0.1"),
        ("37.214608330217", "37.214608330217"),
        ("700", "700"),
        ('"58.4172"', "58.4172"),
        ("1e3", "1E+3"),
        ("123456789012345678901234.5", "123456789012345678901234.5"),
        ("-0.0", "-0.0"),
    ],
)
def test_a_number_is_taken_digit_by_digit(text: str, value: str) -> None:
    assert str(decode(LOT, f'{{"unitPrice": {text}}}'.encode()).unit_price) == value


@pytest.mark.parametrize(
    "text",
    [
        '"NaN"',
        '"sNaN"',
        '"Infinity"',
        '"-inf"',
        "1e400",
        "-1e25",
        "1e-31",
        "0." + "3" * 5000,
        "0." + "3" * 41,
        "9" * 50,
        "1e-400",
    ],
)
def test_a_number_that_is_no_amount_of_anything_is_unreadable(text: str) -> None:
    assert "at allLots[1].unitPrice" in fault(
        DEPOT, f'{{"ownerName": "x", "allLots": [{{}}, {{"amount": 1, "unitPrice": {text}}}]}}'.encode()
    )


@pytest.mark.parametrize("body", [b'{"unitPrice": NaN}', b'{"unitPrice": Infinity}', b"", b"<html>", b"{", b"\xff\xfe"])
def test_what_is_not_json_is_said_to_be_so(body: bytes) -> None:
    assert fault(LOT, body) == "an answer that is not JSON"


def test_nesting_without_end_is_not_json() -> None:
    assert fault(LOT, b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}") == "an answer that is not JSON"


def test_a_boolean_is_no_number() -> None:
    assert fault(LOT, b'{"unitPrice": true}') == "bool instead of decimal | null at unitPrice"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"ownerName": "x"}', "no allLots"),
        (b'{"ownerName": 7, "allLots": []}', "int instead of str at ownerName"),
        (b'{"ownerName": "x", "allLots": {}}', "object instead of array at allLots"),
        (b"[]", "array instead of object"),
        (b'{"ownerName": "x", "allLots": [{"amount": "seven"}]}', "an unreadable value at allLots[0].amount"),
    ],
)
def test_a_fault_names_the_field_and_never_the_value(body: bytes, says: str) -> None:
    assert fault(DEPOT, body) == says


def test_new_fields_pass_and_null_is_absent() -> None:
    body = b'{"unitPrice": null, "amount": 2, "isInCall": false, "newThing": {"a": [1]}}'
    assert decode(LOT, body) == Lot(unit_price=None, amount=Decimal(2))
