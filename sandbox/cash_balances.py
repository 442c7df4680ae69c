"""The balance blocks of a CASH account, with the fields seen live.

Kept as misleading as they are: the initial `mutualFundValue` and the current `longNonMarginableMarketValue` are its cash.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.numbers import Block, money
from sandbox.portfolio import NOTHING, Totals


def initial(opening: Totals) -> Block:
    """`initialBalances`: the start of the day, in USD."""
    return {
        "accruedInterest": 0,
        "cashAvailableForTrading": money(opening.cash),
        "cashAvailableForWithdrawal": money(opening.cash),
        "cashBalance": money(opening.cash),
        "bondValue": 0,
        "cashReceipts": 0,
        "liquidationValue": money(opening.liquidation),
        "longOptionMarketValue": money(opening.long_option),
        "longStockValue": money(opening.long),
        "moneyMarketFund": money(opening.money_market),
        "mutualFundValue": money(opening.cash),
        "shortOptionMarketValue": money(opening.short_option),
        "shortStockValue": money(opening.short),
        "isInCall": False,
        "unsettledCash": 0,
        "cashDebitCallValue": 0,
        "pendingDeposits": 0,
        "accountValue": money(opening.liquidation),
    }


def current(now: Totals, unsettled: Decimal) -> Block:
    """`currentBalances`, beside what both types have. In USD."""
    return {
        "cashAvailableForTrading": money(now.cash),
        "cashAvailableForWithdrawal": money(max(NOTHING, now.cash - unsettled)),
        "cashCall": 0,
        "longNonMarginableMarketValue": money(now.cash),
        "totalCash": money(now.cash),
        "cashDebitCallValue": 0,
        "unsettledCash": money(unsettled),
    }


def projected(now: Totals, unsettled: Decimal) -> Block:
    """`projectedBalances`, in USD."""
    return {
        "cashAvailableForTrading": money(now.cash),
        "cashAvailableForWithdrawal": money(max(NOTHING, now.cash - unsettled)),
    }
