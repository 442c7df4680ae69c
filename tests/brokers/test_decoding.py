from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from brokers.decoding import Amount, Handle, Line, Serial, Unreadable, Word, decode, decoder


class Lot(msgspec.Struct, rename="camel"):
    unit_price: Amount | None = None
    amount: Amount | None = None


class Depot(msgspec.Struct, rename="camel"):
    owner_name: str
    all_lots: list[Lot]


class Label(msgspec.Struct):
    word: Word | None = None
    handle: Handle | None = None
    line: Line | None = None
    serial: Serial | None = None


LOT = decoder(Lot)
DEPOT = decoder(Depot)
DEPOTS = decoder(list[Depot])
LABEL = msgspec.json.Decoder(Label)


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
        ('"-1.5e-2"', "-0.015"),
        ("123456789012345678901234.5", "123456789012345678901234.5"),
        ("25.0", "25.0"),
    ],
)
def test_a_number_is_taken_digit_by_digit(text: str, value: str) -> None:
    assert str(decode(LOT, f'{{"unitPrice": {text}}}'.encode()).unit_price) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", "1000"),
        ("-12.5E+2", "-1250"),
        ('"1E+3"', "1000"),
        ("1e24", "1" + "0" * 24),
        ("-0", "0"),
        ("-0.0", "0.0"),
        ('"-0"', "0"),
        ("0e9", "0"),
        ("0e400", "0"),
        ("0e-99999", "0"),
        ("0e-99999999999999999999", "0"),
        ('"0e-99999999999999999999"', "0"),
        ("0e99999999999999999999", "0"),
    ],
)
def test_one_amount_has_one_text(text: str, value: str) -> None:
    assert str(decode(LOT, f'{{"unitPrice": {text}}}'.encode()).unit_price) == value


@pytest.mark.parametrize("text", ["0." + "0" * 20_000, "1." + "0" * 20_000])
def test_zeros_without_end_are_cut_to_what_a_database_holds(text: str) -> None:
    price = decode(LOT, f'{{"unitPrice": {text}}}'.encode()).unit_price
    assert price == Decimal(text)
    assert len(f"{price:f}") < 100


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1_0",
        " 5 ",
        "5\\n",
        "+5",
        "05",
        ".5",
        "5.",
        "\u0665",
        "0x10",
        "",
        "1,000",
        "seven",
    ],
)
def test_a_text_is_a_number_only_as_json_writes_one(text: str) -> None:
    assert fault(LOT, f'{{"unitPrice": "{text}"}}'.encode()) == "a text that is no number at unitPrice"


@pytest.mark.parametrize("value", ["true", "[1]", "{}"])
def test_what_is_neither_number_nor_text_is_no_number(value: str) -> None:
    assert fault(LOT, f'{{"unitPrice": {value}}}'.encode()) == "no number at unitPrice"


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "1e99999999999999999999",
        "-1e25",
        "1e-31",
        "0." + "3" * 5000,
        "0." + "3" * 41,
        "9" * 50,
        "9" * 5000,
        "1e-400",
        "-1e99999999999999999999",
        "1e-99999999999999999999",
        "0.5" + "0" * 70 + "1",
        "1." + "0" * 20_000 + "1",
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


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"ownerName": "x"}', "no allLots"),
        (b'{"ownerName": 7, "allLots": []}', "int instead of str at ownerName"),
        (b'{"ownerName": "x", "allLots": {}}', "object instead of array at allLots"),
        (b"[]", "array instead of object"),
        (b'{"ownerName": "x", "allLots": [{"amount": "seven"}]}', "a text that is no number at allLots[0].amount"),
    ],
)
def test_a_fault_names_the_field_and_never_the_value(body: bytes, says: str) -> None:
    assert fault(DEPOT, body) == says


@pytest.mark.parametrize(("field", "longest"), [("word", 64), ("handle", 128), ("line", 1000)])
def test_a_text_has_a_longest_length(field: str, longest: int) -> None:
    assert getattr(decode(LABEL, f'{{"{field}": "{"é" * longest}"}}'.encode()), field) == "é" * longest
    too_long = f'{{"{field}": "{"é" * (longest + 1)}"}}'.encode()
    assert fault(LABEL, too_long) == f"a text of an impossible length at {field}"


@pytest.mark.parametrize("field", ["word", "handle", "line"])
@pytest.mark.parametrize("text", [r"\u0000", r"KL\u0000MN", r"KLMN\n\u0000"])
def test_a_text_that_no_database_holds_is_unreadable(field: str, text: str) -> None:
    assert (
        fault(LABEL, f'{{"{field}": "{text}"}}'.encode()) == f"a text with a character that cannot be stored at {field}"
    )


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (r'{"ownerName": "x\u0000", "allLots": []}', "a text with a character that cannot be stored at ownerName"),
        (r'{"ownerName": "x", "allLots": [{}, {"unitPrice": "1\u0000"}]}', "a text that is no number at allLots[1]"),
    ],
)
def test_a_character_that_cannot_be_stored_is_found_at_its_place(document: str, says: str) -> None:
    assert fault(DEPOT, document.encode()).startswith(says)
    assert fault(DEPOTS, f"[{document}]".encode()).startswith(says.replace(" at ", " at [0]."))


def test_a_backslash_before_u0000_and_a_field_nobody_reads_do_no_harm() -> None:
    body = rb'{"word": "x\\u0000", "unheardOf": "\u0000"}'
    assert decode(LABEL, body) == Label(word=r"x\u0000")


@pytest.mark.parametrize("text", [rb"\ud800", rb"\udc00", rb"x\ud800y", rb"\udc00\ud800", b"\xed\xa0\x80"])
def test_half_a_surrogate_pair_is_not_json(text: bytes) -> None:
    assert fault(LABEL, b'{"word": "' + text + b'"}') == "an answer that is not JSON"


@pytest.mark.parametrize(("serial", "fits"), [(2**63 - 1, True), (-(2**63), True), (2**63, False), (10**40, False)])
def test_a_serial_number_is_what_64_bits_hold(serial: int, fits: bool) -> None:
    body = f'{{"serial": {serial}}}'.encode()
    if fits:
        assert decode(LABEL, body).serial == serial
    else:
        assert fault(LABEL, body) == "an unreadable value at serial"


def test_new_fields_pass_and_null_is_absent() -> None:
    body = b'{"unitPrice": null, "amount": 2, "isInCall": false, "newThing": {"a": [1]}}'
    assert decode(LOT, body) == Lot(unit_price=None, amount=Decimal(2))
