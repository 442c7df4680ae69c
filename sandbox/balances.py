"""The three balance blocks of an account. The figures that make up `liquidationValue` are exact."""

from __future__ import annotations

from sandbox import cash_balances, margin_balances
from sandbox.market import Market
from sandbox.numbers import Block, money
from sandbox.portfolio import Account, Totals


def balances(account: Account, market: Market) -> dict[str, Block]:
    """`initialBalances`, `currentBalances` and `projectedBalances`."""
    now, opening = account.totals(market), account.opening
    if account.type == "CASH":
        return {
            "initialBalances": cash_balances.initial(opening),
            "currentBalances": _all(now) | cash_balances.current(now, account.unsettled),
            "projectedBalances": cash_balances.projected(now, account.unsettled),
        }
    return {
        "initialBalances": margin_balances.initial(opening),
        "currentBalances": _all(now) | margin_balances.current(now),
        "projectedBalances": margin_balances.projected(now),
    }


def _all(now: Totals) -> Block:
    """The thirteen fields that both types have live, and the official description has not."""
    return {
        "accruedInterest": 0,
        "cashBalance": money(now.cash),
        "cashReceipts": 0,
        "longOptionMarketValue": money(now.long_option),
        "liquidationValue": money(now.liquidation),
        "longMarketValue": money(now.long),
        "moneyMarketFund": money(now.money_market),
        "savings": 0,
        "shortMarketValue": money(now.short),
        "pendingDeposits": 0,
        "mutualFundValue": money(now.fund),
        "bondValue": money(now.bond),
        "shortOptionMarketValue": money(now.short_option),
    }
