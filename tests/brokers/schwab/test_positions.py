from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from brokers.decoding import Unreadable
from brokers.records import AssetType, Position
from tests.brokers.schwab import payloads
from tests.brokers.schwab.reading import one, read


def test_a_share_is_read_to_the_last_digit() -> None:
    assert one(
        payloads.equity(marketValue=6454.0, averagePrice=8.731428571429, currentDayProfitLoss=-70.5)
    ) == Position(
        instrument_key="KLMN",
        symbol="KLMN",
        asset_type=AssetType.EQ,
        broker_asset_type="EQUITY",
        quantity=Decimal(700),
        currency="USD",
        avg_price=Decimal("8.731428571429"),
        mark_price=Decimal("9.22"),
        market_value=Decimal("6454.0"),
        cost_basis=Decimal("6112.0000000003"),
        unrealized_pnl=Decimal("5.5"),
        day_pnl=Decimal("-70.5"),
        multiplier=Decimal(1),
        cusip="999000111",
    )


def test_a_short_option_is_negative_and_its_symbol_is_taken_apart() -> None:
    position = one(payloads.option(short=2, marketValue=-564.0, averagePrice=3.1466, shortOpenProfitLoss=65.32))
    assert position.asset_type is AssetType.OPT
    assert position.instrument_key == "KLMN  270115P00042500"
    assert position.quantity == -2
    assert position.multiplier == 100
    assert position.mark_price == Decimal("2.82")
    assert position.cost_basis == Decimal("-629.32")
    assert position.unrealized_pnl == Decimal("65.32")
    assert position.market_value is not None
    assert position.unrealized_pnl == position.market_value - position.cost_basis
    assert (position.underlying, position.expiry, position.strike, position.put_call) == (
        "KLMN",
        date(2027, 1, 15),
        Decimal("42.5"),
        "PUT",
    )
    assert position.description == "KLMN INC 01/15/2027 $42.5 Put"


def test_a_fractional_etf_is_exact() -> None:
    instrument = {"assetType": "COLLECTIVE_INVESTMENT", "symbol": "WXYZ", "type": "EXCHANGE_TRADED_FUND"}
    position = one(payloads.row(instrument, 58.4172, marketValue=3105.700000000002, averagePrice=37.214608330217))
    assert position.asset_type is AssetType.ETF
    assert position.quantity == Decimal("58.4172")
    assert position.market_value == Decimal("3105.700000000002")
    assert position.mark_price == Decimal("53.1641365899")
    assert position.cost_basis == Decimal("2173.973217748")


def test_a_bonds_prices_are_in_percent_of_par() -> None:
    instrument = {"assetType": "FIXED_INCOME", "symbol": "99900AAB1", "cusip": "99900AAB1", "variableRate": 3.9}
    position = one(payloads.row(instrument, 100, marketValue=99875.0, averagePrice=100.0))
    assert position.asset_type is AssetType.BOND
    assert position.multiplier == 10
    assert position.mark_price == Decimal("99.875")
    assert position.cost_basis == Decimal(100_000)


@pytest.mark.parametrize(
    ("word", "asset_type", "multiplier"),
    [
        ("EQUITY", AssetType.EQ, 1),
        ("COLLECTIVE_INVESTMENT", AssetType.ETF, 1),
        ("MUTUAL_FUND", AssetType.FUND, 1),
        ("CASH_EQUIVALENT", AssetType.CASH, 1),
        ("FIXED_INCOME", AssetType.BOND, 10),
        ("FUTURE", AssetType.FUT, None),
        ("FOREX", AssetType.FX, None),
        ("CURRENCY", AssetType.FX, None),
        ("INDEX", AssetType.OTHER, None),
        ("TOMORROWS_THING", AssetType.OTHER, None),
        (None, AssetType.OTHER, None),
    ],
)
def test_every_asset_type_passes_known_or_not(word: str | None, asset_type: AssetType, multiplier: int | None) -> None:
    position = one(payloads.row({"assetType": word, "symbol": "X"}, 4, marketValue=100.0, averagePrice=20))
    assert (position.asset_type, position.broker_asset_type) == (asset_type, word or "")
    assert position.multiplier == multiplier
    assert (position.mark_price is None) == (multiplier is None)
    assert (position.cost_basis is None) == (multiplier is None)
    assert (position.market_value, position.avg_price) == (Decimal("100.0"), Decimal(20))


def test_an_adjusted_option_has_no_mark_that_we_could_know() -> None:
    position = one(payloads.option("KLMN1 270115P00042500"))
    assert (position.multiplier, position.mark_price, position.cost_basis) == (None, None, None)
    assert (position.strike, position.underlying) == (Decimal("42.5"), "KLMN")


def test_an_option_with_another_kind_of_symbol_keeps_what_the_broker_says() -> None:
    instrument = {"assetType": "OPTION", "symbol": "/ESH27_P5050:XCME", "underlyingSymbol": "/ESH27", "putCall": "PUT"}
    position = one(payloads.row(instrument, 1))
    assert (position.instrument_key, position.underlying, position.put_call) == ("/ESH27_P5050:XCME", "/ESH27", "PUT")
    assert (position.expiry, position.strike, position.multiplier) == (None, None, None)


@pytest.mark.parametrize(
    ("instrument", "key"),
    [
        ({"symbol": "KLMN", "cusip": "999000111", "instrumentId": 9}, "KLMN"),
        ({"symbol": "", "cusip": "999000111", "instrumentId": 9}, "999000111"),
        ({"cusip": None, "instrumentId": 9}, "9"),
    ],
)
def test_an_instrument_is_known_by_the_first_name_it_has(instrument: payloads.Document, key: str) -> None:
    position = one(payloads.row({"assetType": "EQUITY", **instrument}, 1))
    assert (position.instrument_key, position.symbol) == (key, key)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (payloads.row({"assetType": "EQUITY", "symbol": ""}, 1), "an instrument without symbol, CUSIP and id"),
        (payloads.row(None, 1), "no instrument"),
        (payloads.equity(longQuantity=..., shortQuantity=...), "a row without both quantities"),
        (payloads.equity(longQuantity=..., shortQuantity=0, marketValue=8302), "a row without both quantities"),
        (payloads.equity(longQuantity=None, shortQuantity=0, marketValue=8302), "a row without both quantities"),
        (payloads.equity(shortQuantity=...), "a row without both quantities"),
        (payloads.option(longQuantity=None), "a row without both quantities"),
        (payloads.equity(long=0, marketValue=8302), "a market value without a quantity"),
        (payloads.equity(long=4, shortQuantity=4, marketValue=-0.01), "a market value without a quantity"),
        (payloads.row({"assetType": "FUTURE", "symbol": "/X"}, marketValue=1), "a market value without a quantity"),
        (payloads.equity(longQuantity=-1), "a quantity below 0"),
        (payloads.equity(shortQuantity=-1), "a quantity below 0"),
    ],
)
def test_a_row_that_cannot_be_read_spoils_the_account(row: payloads.Document, says: str) -> None:
    with pytest.raises(Unreadable, match=rf"^{says} at positions\[1\]$"):
        read(payloads.equity("OTHER"), row)


@pytest.mark.parametrize("word", ["EQUITY", "COLLECTIVE_INVESTMENT", "MUTUAL_FUND", "OPTION"])
@pytest.mark.parametrize("values", [{"long": 2, "marketValue": -0.01}, {"short": 2, "marketValue": 0.01}])
def test_a_value_of_the_wrong_sign_spoils_the_account(word: str, values: payloads.Document) -> None:
    with pytest.raises(Unreadable, match=r"^a market value whose sign is not its quantity's at positions\[0\]$"):
        read(payloads.row({"assetType": word, "symbol": "KLMN"}, **values))


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("EQUITY", {"long": 2, "marketValue": 0}),
        ("EQUITY", {"short": 2, "marketValue": 0.0}),
        ("OPTION", {"short": 2, "marketValue": -0.0}),
        ("FUTURE", {"long": 2, "marketValue": -80}),
        ("FOREX", {"short": 2, "marketValue": 80}),
        ("TOMORROWS_THING", {"short": 2, "marketValue": 80}),
    ],
)
def test_a_worthless_holding_has_no_sign_and_others_may_have_any(word: str, values: payloads.Document) -> None:
    assert one(payloads.row({"assetType": word, "symbol": "KLMN"}, **values)).market_value == values["marketValue"]


@pytest.mark.parametrize("written", ["KLMN 270115P00042500", "KLMN270115P00042500"])
def test_an_options_name_is_its_full_symbol_however_it_was_written(written: str) -> None:
    position = one(payloads.option(written))
    assert (position.instrument_key, position.symbol) == ("KLMN  270115P00042500",) * 2
    assert position.strike == Decimal("42.5")
    assert one(payloads.option()).instrument_key == position.instrument_key


def test_a_share_whose_symbol_looks_like_an_options_keeps_it() -> None:
    assert one(payloads.equity("KLMN270115P00042500")).instrument_key == "KLMN270115P00042500"


def test_a_row_without_values_is_held_and_its_values_are_not_known() -> None:
    position = one(
        payloads.equity(marketValue=None, averagePrice=..., longOpenProfitLoss=..., currentDayProfitLoss=None)
    )
    assert position.quantity == 700
    values = (position.market_value, position.avg_price, position.mark_price, position.cost_basis)
    assert (*values, position.unrealized_pnl, position.day_pnl) == (None,) * 6


def test_a_row_of_nothing_has_no_mark() -> None:
    position = one(payloads.equity(long=0, marketValue=0))
    assert (position.quantity, position.mark_price) == (Decimal(0), None)
