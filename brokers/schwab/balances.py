"""Schwab's balances as ours, and what they prove.

From `currentBalances`; `initialBalances` are the morning's and mislead (their bondValue is no bond's), and
`aggregatedBalance` may be another total. What is not there is None, never 0.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from brokers.records import Balances
from brokers.schwab.wire import CurrentBalances, ProjectedBalances


def balances(kind: str, current: CurrentBalances, projected: ProjectedBalances | None) -> Balances:
    """`kind` is the account's type, CASH or MARGIN: CASH has one figure for all buying.

    Of a type that we do not know, only what means the same in both is taken; what it could buy with would be a guess.
    """
    common = Balances(
        cash=current.cash_balance,
        net_liq=current.liquidation_value,
        long_market_value=current.long_market_value,
        short_market_value=current.short_market_value,
        long_option_value=current.long_option_market_value,
        short_option_value=current.short_option_market_value,
        bond_value=current.bond_value,
        mutual_fund_value=current.mutual_fund_value,
        money_market_fund=current.money_market_fund,
        savings=current.savings,
    )
    if kind == "CASH":
        return _cash_account(common, current)
    if kind == "MARGIN":
        return _margin_account(common, current, projected or ProjectedBalances())
    return common


def show_no_holding(current: CurrentBalances) -> bool:
    """Whether the totals prove that nothing is held: all of them there and 0.

    Bonds and funds have totals of their own, which do not stand in Schwab's description: 0 or absent.
    """
    required = (
        current.long_market_value,
        current.short_market_value,
        current.long_option_market_value,
        current.short_option_market_value,
    )
    others = (current.bond_value, current.mutual_fund_value, current.money_market_fund)
    return all(total == 0 for total in required) and not any(others)


def _cash_account(common: Balances, current: CurrentBalances) -> Balances:
    available = current.cash_available_for_trading
    return replace(
        common,
        buying_power=available,
        stock_buying_power=available,
        option_buying_power=available,
        available_funds=available,
        unsettled_cash=current.unsettled_cash,
    )


def _margin_account(common: Balances, current: CurrentBalances, projected: ProjectedBalances) -> Balances:
    """`equity` is another figure than the net liquidation value.

    `optionBuyingPower` is in Schwab's description and was never seen live. `buyingPowerNonMarginableTrade` in its place
    is inferred: an option is bought with what may be spent on things that no loan is given for.
    """
    return replace(
        common,
        equity=current.equity,
        equity_percentage=current.equity_percentage,
        buying_power=current.buying_power,
        stock_buying_power=_first(projected.stock_buying_power, current.stock_buying_power, current.buying_power),
        option_buying_power=_first(current.option_buying_power, current.buying_power_non_marginable_trade),
        day_trading_buying_power=current.day_trading_buying_power,
        available_funds=current.available_funds,
        margin_balance=current.margin_balance,
        maintenance_requirement=current.maintenance_requirement,
    )


def _first(*values: Decimal | None) -> Decimal | None:
    return next((value for value in values if value is not None), None)
