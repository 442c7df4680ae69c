from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from brokers.occ import parse


def test_an_option_symbol_is_taken_apart() -> None:
    option = parse("KLMN  270115P00042500")
    assert option is not None
    assert option.root == "KLMN"
    assert option.expiry == date(2027, 1, 15)
    assert option.put_call == "PUT"
    assert option.strike == Decimal("42.5")
    assert option.multiplier == Decimal(100)


@pytest.mark.parametrize(
    ("symbol", "root", "strike"),
    [
        ("A     270115C00000500", "A", "0.5"),
        ("SPXW  261218C06000000", "SPXW", "6000"),
        ("ABCDEF270115C12345678", "ABCDEF", "12345.678"),
    ],
)
def test_roots_of_any_length_and_strikes_of_any_size_are_read(symbol: str, root: str, strike: str) -> None:
    option = parse(symbol)
    assert option is not None
    assert (option.root, str(option.strike), option.put_call) == (root, strike, "CALL")


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("KLMN  270115P00042500", "KLMN  270115P00042500"),
        ("KLMN 270115P00042500", "KLMN  270115P00042500"),
        ("KLMN270115P00042500", "KLMN  270115P00042500"),
        ("KLMN1270115C00042505", "KLMN1 270115C00042505"),
        ("A270115C00000500", "A     270115C00000500"),
        ("ABCDEF270115C12345678", "ABCDEF270115C12345678"),
    ],
)
def test_a_symbol_is_padded_however_it_was_written(written: str, symbol: str) -> None:
    option = parse(written)
    assert option is not None
    assert option.symbol == symbol
    assert option == parse(symbol)


def test_an_adjusted_option_has_no_multiplier_that_we_know() -> None:
    option = parse("KLMN1 270115P00042500")
    assert option is not None
    assert option.root == "KLMN1"
    assert option.multiplier is None


@pytest.mark.parametrize(
    "symbol",
    [
        None,
        "",
        "KLMN",
        "KLMN   270115P00042500",
        "ABCDEF 270115P00042500",
        "ABCDEFG270115P00042500",
        "270115P00042500",
        "KLMN 271315P00042500",
        "KLMN  271315P00042500",
        "KLMN  270230P00042500",
        "KLMN  270115X00042500",
        "KLMN  270115P0004250 ",
        "klmn  270115P00042500",
        "KL MN 270115P00042500",
        "/ESH25_P5050:XCME",
        ".ESH25:XCME          ",
        "KLMN  \u0662\u06670115P00042500",
    ],
)
def test_what_is_no_option_symbol_is_none(symbol: str | None) -> None:
    assert parse(symbol) is None
