from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.decoding import Unreadable
from tests.brokers.schwab import payloads
from tests.brokers.schwab.reading import one, read


def test_rows_of_one_instrument_are_merged() -> None:
    position, other = read(
        payloads.equity(long=10, averagePrice=100, marketValue=1050, longOpenProfitLoss=50, currentDayProfitLoss=2),
        payloads.equity("OTHER"),
        payloads.equity(long=30, averagePrice=120, marketValue=3150, longOpenProfitLoss=-450, currentDayProfitLoss=3),
    )
    assert other.symbol == "OTHER"
    assert position.quantity == 40
    assert position.avg_price == 115
    assert position.market_value == 4200
    assert position.mark_price == 105
    assert position.cost_basis == 4600
    assert position.unrealized_pnl == -400
    assert position.day_pnl == 5


def test_a_long_and_a_short_side_are_netted_and_the_average_still_gives_the_cost() -> None:
    position = read(
        payloads.equity(long=10, averagePrice=100, marketValue=1050, longOpenProfitLoss=50),
        payloads.equity(
            long=0, shortQuantity=4, averagePrice=110, marketValue=-420, longOpenProfitLoss=..., shortOpenProfitLoss=20
        ),
    )[0]
    assert position.quantity == 6
    assert (position.market_value, position.cost_basis, position.unrealized_pnl) == (
        Decimal(630),
        Decimal(560),
        Decimal(70),
    )
    assert position.avg_price == Decimal("93.3333333333")
    assert position.mark_price == 105


def test_sides_that_cancel_out_have_no_price() -> None:
    position = read(
        payloads.equity(long=4, averagePrice=100, marketValue=420),
        payloads.equity(long=0, shortQuantity=4, averagePrice=110, marketValue=-420),
    )[0]
    assert (position.quantity, position.market_value, position.cost_basis) == (Decimal(0), Decimal(0), Decimal(-40))
    assert (position.avg_price, position.mark_price) == (None, None)


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    position = read(payloads.equity(long=4), payloads.equity(long=4, averagePrice=..., marketValue=None))[0]
    assert position.quantity == 8
    assert (position.avg_price, position.market_value, position.cost_basis) == (None, None, None)


NOTHING_HELD = payloads.equity(
    long=0, marketValue=None, averagePrice=None, shortOpenProfitLoss=None, currentDayProfitLoss=None
)


@pytest.mark.parametrize("value", [None, 0, ...])
@pytest.mark.parametrize("first", [True, False])
def test_a_side_of_nothing_takes_nothing_from_the_other(value: object, first: bool) -> None:
    held, nothing = payloads.equity(long=100, averagePrice=10, marketValue=1000), {**NOTHING_HELD, "marketValue": value}
    if value is ...:
        del nothing["marketValue"]
    assert read(*([nothing, held] if first else [held, nothing])) == read(held)


def test_sides_of_nothing_alone_are_one_row_of_nothing() -> None:
    assert read(NOTHING_HELD, NOTHING_HELD) == read(NOTHING_HELD)
    assert one(NOTHING_HELD).quantity == 0


def test_two_kinds_of_unit_under_one_symbol_are_not_added_up() -> None:
    bond = payloads.row({"assetType": "FIXED_INCOME", "symbol": "KLMN"}, 5)
    with pytest.raises(Unreadable, match="two different instruments with one symbol"):
        read(payloads.equity(), bond)


UNITS = st.integers(1, 10**9).map(lambda digits: digits / 10**4)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([1, -1]), UNITS, UNITS), max_size=8))
def test_merging_loses_no_unit_and_no_cent(sides: list[tuple[str, int, float, float]]) -> None:
    rows = [
        payloads.row({"assetType": "EQUITY", "symbol": symbol}, **{name_of(sign): units}, marketValue=sign * value)
        for symbol, sign, units, value in sides
    ]
    merged = read(*rows)
    assert {position.symbol for position in merged} == {symbol for symbol, *_ in sides}
    for position in merged:
        own = [side for side in sides if side[0] == position.symbol]
        assert position.quantity == sum(sign * Decimal(str(units)) for _, sign, units, _ in own)
        assert position.market_value == sum(sign * Decimal(str(value)) for _, sign, _, value in own)


def name_of(sign: int) -> str:
    return "long" if sign > 0 else "short"
