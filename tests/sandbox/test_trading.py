from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.instruments import Option
from sandbox.market import Market
from sandbox.portfolio import Account, Side
from sandbox.trading import Trader, TradeRefused

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MARKET = Market(7, START, None, on_new_day=lambda: None)


def account(type_: str = "MARGIN", cash: str = "10000") -> Account:
    return Account(number="12345678", hash="AB", type=type_, nickname="Test", cash=Decimal(cash))


def trader(of: Account) -> Trader:
    return Trader(of, MARKET)


def worth(of: Account) -> Decimal:
    return of.totals(MARKET).liquidation


def quantities(of: Account) -> dict[str, Decimal]:
    return {holding.instrument.symbol: holding.signed for holding in of.rows()}


def option(underlying: str, put_call: str) -> Option:
    return next(
        each
        for each in MARKET.instruments.values()
        if isinstance(each, Option) and (each.underlying, each.put_call) == (underlying, put_call)
    )


def test_trades_at_the_markets_price_change_nothing_in_total_to_the_cent() -> None:
    mine = account()
    trader(mine).buy("SCHD", Decimal("61.5854"), None)
    trader(mine).buy("SCHD", Decimal("0.3333"), None)
    trader(mine).sell("SCHD", Decimal("17.0001"), None)
    trader(mine).buy("06418QAB3", Decimal(2), None)
    trader(mine).short("INTC", Decimal(60), None)
    trader(mine).short(option("F", "PUT").symbol, Decimal(5), None)
    trader(mine).buy(option("AAPL", "CALL").symbol, Decimal(2), None)
    trader(mine).close("INTC", Decimal(20), None)
    assert worth(mine) == Decimal("10000.00")
    for symbol in tuple(quantities(mine)):
        trader(mine).close(symbol, None, None)
    assert mine.cash == Decimal("10000.00")
    assert quantities(mine) == {}


def test_many_small_fractions_lose_no_cent_by_rounding() -> None:
    mine = account()
    for _ in range(25):
        trader(mine).buy("SCHD", Decimal("0.0333"), None)
        assert worth(mine) == Decimal("10000.00")
    for _ in range(25):
        trader(mine).sell("SCHD", Decimal("0.0333"), None)
        assert worth(mine) == Decimal("10000.00")


def test_a_price_of_ones_own_moves_exactly_that_cash() -> None:
    mine = account()
    trader(mine).buy("F", Decimal(100), Decimal("11.5"))
    assert mine.cash == Decimal("8850.00")
    trader(mine).sell("F", Decimal(40), Decimal("12.25"))
    assert mine.cash == Decimal("9340.00")


def test_a_second_purchase_averages_the_price() -> None:
    mine = account()
    trader(mine).buy("F", Decimal(100), Decimal(10))
    trader(mine).buy("F", Decimal(50), Decimal(13))
    held = mine.held("F", Side.LONG)
    assert held is not None
    assert (held.quantity, held.average) == (Decimal(150), Decimal(11))


def test_a_position_that_is_sold_is_gone() -> None:
    mine = account()
    trader(mine).buy("F", Decimal(10), None)
    trader(mine).sell("F", Decimal(10), None)
    assert quantities(mine) == {}


def test_the_same_symbol_can_be_long_and_short_and_close_ends_both() -> None:
    mine = account()
    trader(mine).buy("KO", Decimal(10), None)
    trader(mine).short("KO", Decimal(4), None)
    assert [holding.signed for holding in mine.rows()] == [10, -4]
    trader(mine).close("KO", Decimal(1), None)
    assert [holding.signed for holding in mine.rows()] == [10, -3]
    trader(mine).close("KO", None, None)
    assert quantities(mine) == {}


def test_an_assigned_put_buys_the_shares_at_the_strike() -> None:
    mine, put = account(), option("F", "PUT")
    trader(mine).short(put.symbol, Decimal(3), Decimal("0.5"))
    trader(mine).assign(put.symbol, Decimal(2))
    assert mine.cash == Decimal("10000") + 150 - 2 * 100 * put.strike
    assert quantities(mine) == {put.symbol: Decimal(-1), "F": Decimal(200)}
    held = mine.held("F", Side.LONG)
    assert held is not None
    assert held.average == put.strike


def test_an_assigned_put_covers_a_short_stock_first() -> None:
    mine, put = account(), option("F", "PUT")
    trader(mine).short("F", Decimal(30), Decimal(12))
    trader(mine).short(put.symbol, Decimal(1), Decimal("0.5"))
    trader(mine).assign(put.symbol, None)
    assert mine.cash == Decimal("10000") + 360 + 50 - 1100
    assert quantities(mine) == {"F": Decimal(70)}


def test_an_assigned_call_delivers_shares_and_is_short_what_is_missing() -> None:
    mine, call = account(cash="50000"), option("KO", "CALL")
    trader(mine).buy("KO", Decimal(130), Decimal(60))
    trader(mine).short(call.symbol, Decimal(2), Decimal(1))
    trader(mine).assign(call.symbol, None)
    assert mine.cash == Decimal("50000") - 7800 + 200 + 200 * call.strike
    assert quantities(mine) == {"KO": Decimal(-70)}


def test_only_a_short_option_can_be_assigned() -> None:
    mine, call = account(), option("AAPL", "CALL")
    trader(mine).buy(call.symbol, Decimal(1), None)
    with pytest.raises(TradeRefused, match="only a short option"):
        trader(mine).assign(call.symbol, None)


def test_more_than_is_held_cannot_be_sold_closed_or_assigned() -> None:
    mine, put = account(), option("F", "PUT")
    trader(mine).buy("F", Decimal(10), None)
    trader(mine).short(put.symbol, Decimal(1), None)
    before = mine.cash, quantities(mine)
    with pytest.raises(TradeRefused, match="the action short"):
        trader(mine).sell("F", Decimal(11), None)
    with pytest.raises(TradeRefused, match="long 10 F"):
        trader(mine).close("F", Decimal(11), None)
    with pytest.raises(TradeRefused, match="only 1 contracts"):
        trader(mine).assign(put.symbol, Decimal(2))
    with pytest.raises(TradeRefused, match="holds no KO"):
        trader(mine).close("KO", None, None)
    assert (mine.cash, quantities(mine)) == before


def test_a_cash_account_cannot_be_short_nor_spend_what_it_has_not() -> None:
    mine = account("CASH", "100")
    with pytest.raises(TradeRefused, match="only a MARGIN account"):
        trader(mine).short("F", Decimal(1), None)
    with pytest.raises(TradeRefused, match="has 100"):
        trader(mine).buy("AAPL", Decimal(1), None)
    assert mine.cash == 100


def test_a_fund_cannot_be_short_and_an_option_trades_in_whole_contracts() -> None:
    mine = account()
    with pytest.raises(TradeRefused, match="MUTUAL_FUND"):
        trader(mine).short("SWTSX", Decimal(1), None)
    with pytest.raises(TradeRefused, match="whole contracts"):
        trader(mine).buy(option("AAPL", "CALL").symbol, Decimal("0.5"), None)


def test_an_unknown_symbol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TradeRefused, match=r"'TSLA'; it has .*'AAPL'"):
        trader(account()).buy("TSLA", Decimal(1), None)
