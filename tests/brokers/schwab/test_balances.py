from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from brokers.decoding import decode, decoder
from brokers.records import Balances
from brokers.schwab.balances import balances, show_no_holding
from brokers.schwab.wire import CurrentBalances, ProjectedBalances
from tests.brokers.schwab import payloads

CURRENT = decoder(CurrentBalances)


def current(document: payloads.Document) -> CurrentBalances:
    return decode(CURRENT, msgspec.json.encode(document))


def test_a_margin_accounts_balances_are_taken_field_by_field() -> None:
    projected = ProjectedBalances(stock_buying_power=Decimal("14802.53"))
    assert balances("MARGIN", current(payloads.margin_balances(savings=3)), projected) == Balances(
        cash=Decimal("5120.35"),
        net_liq=Decimal("11010.35"),
        equity=Decimal("11574.35"),
        equity_percentage=Decimal("98.5"),
        buying_power=Decimal("14802.5"),
        stock_buying_power=Decimal("14802.53"),
        option_buying_power=Decimal("7401.26"),
        day_trading_buying_power=Decimal(29605),
        available_funds=Decimal("7401.25"),
        long_market_value=Decimal("6454.0"),
        short_market_value=Decimal(0),
        long_option_value=Decimal(0),
        short_option_value=Decimal("-564.0"),
        bond_value=Decimal(0),
        mutual_fund_value=Decimal(0),
        money_market_fund=Decimal(0),
        savings=Decimal(3),
        margin_balance=Decimal("-12.5"),
        maintenance_requirement=Decimal("2490.6"),
        unsettled_cash=None,
    )


def test_a_cash_account_has_one_figure_for_all_buying_and_no_margin_figures() -> None:
    ours = balances("CASH", current(payloads.cash_balances(equity=5, marginBalance=6, buyingPower=7)), None)
    assert ours.cash == Decimal("1561.98")
    assert ours.net_liq == Decimal("1561.98")
    assert ours.unsettled_cash == Decimal("61.48")
    buying = (ours.buying_power, ours.stock_buying_power, ours.option_buying_power, ours.available_funds)
    assert buying == (Decimal("1500.5"),) * 4
    margin = (ours.equity, ours.equity_percentage, ours.day_trading_buying_power, ours.margin_balance)
    assert (*margin, ours.maintenance_requirement) == (None,) * 5


@pytest.mark.parametrize("kind", ["IRA", "", "CASH_MARGIN"])
def test_of_an_unknown_type_only_what_means_the_same_everywhere_is_taken(kind: str) -> None:
    document = {**payloads.cash_balances(), **payloads.margin_balances()}
    ours = msgspec.structs.asdict(balances(kind, current(document), ProjectedBalances(Decimal(11))))
    assert {name for name, value in ours.items() if value is not None} == {
        "cash",
        "net_liq",
        "long_market_value",
        "short_market_value",
        "long_option_value",
        "short_option_value",
        "bond_value",
        "mutual_fund_value",
        "money_market_fund",
        "savings",
    }
    assert (ours["cash"], ours["net_liq"]) == (Decimal("5120.35"), Decimal("11010.35"))


@pytest.mark.parametrize(
    ("projected", "stated", "expected"),
    [("11", "12", "11"), (None, "12", "12"), (None, None, "14802.5"), ("0", "12", "0")],
)
def test_stock_buying_power_is_the_first_that_is_given(
    projected: str | None, stated: str | None, expected: str
) -> None:
    document = payloads.margin_balances(stockBuyingPower=stated)
    ours = balances("MARGIN", current(document), ProjectedBalances(Decimal(projected) if projected else None))
    assert ours.stock_buying_power == Decimal(expected)


def test_option_buying_power_is_the_stated_one_before_the_inferred_one() -> None:
    stated = balances("MARGIN", current(payloads.margin_balances(optionBuyingPower=0)), None)
    assert stated.option_buying_power == 0


def test_what_is_not_there_is_none_and_never_0() -> None:
    for kind in ("MARGIN", "CASH"):
        ours = balances(kind, CurrentBalances(cash_balance=Decimal(1), liquidation_value=Decimal(1)), None)
        given = {name: value for name, value in msgspec.structs.asdict(ours).items() if value is not None}
        assert given == {"cash": Decimal(1), "net_liq": Decimal(1)}


def test_totals_of_0_prove_that_nothing_is_held() -> None:
    assert show_no_holding(current(payloads.cash_balances()))
    assert show_no_holding(current(payloads.cash_balances(bondValue=..., mutualFundValue=None, moneyMarketFund=...)))


@pytest.mark.parametrize(
    "field", ["longMarketValue", "shortMarketValue", "longOptionMarketValue", "shortOptionMarketValue"]
)
@pytest.mark.parametrize("value", [..., None, 0.01, -0.01])
def test_a_total_that_is_missing_or_not_0_proves_nothing(field: str, value: object) -> None:
    assert not show_no_holding(current(payloads.cash_balances(**{field: value})))


@pytest.mark.parametrize("field", ["bondValue", "mutualFundValue", "moneyMarketFund"])
def test_bonds_and_funds_that_are_not_0_are_holdings(field: str) -> None:
    assert not show_no_holding(current(payloads.cash_balances(**{field: 1})))
