"""The balance blocks of a MARGIN account, with the fields seen live.

Kept as misleading as they are: the initial `mutualFundValue` and `bondValue` are not holdings, and the initial
`totalCash` and `cashAvailableForTrading` are 0 whatever the cash.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.numbers import Block, money
from sandbox.portfolio import NOTHING, Totals


def _equity(totals: Totals) -> Decimal:
    """Live it leaves the options out."""
    return totals.liquidation - totals.long_option - totals.short_option


def _percentage(totals: Totals) -> Decimal:
    """Percent of what is held that is not borrowed."""
    held = _equity(totals) - min(totals.cash, NOTHING)
    return _equity(totals) / held * 100 if held > 0 else NOTHING


def _available(totals: Totals) -> Decimal:
    return max(NOTHING, _equity(totals) - totals.required)


def _call(totals: Totals) -> Decimal:
    return max(NOTHING, totals.required - _equity(totals))


def initial(opening: Totals) -> Block:
    """`initialBalances`: the start of the day, in USD."""
    available = _available(opening)
    call = _call(opening)
    return {
        "accruedInterest": 0,
        "availableFundsNonMarginableTrade": money(available),
        "bondValue": money(available * 4),
        "buyingPower": money(available * 2),
        "cashBalance": money(opening.cash),
        "cashAvailableForTrading": 0,
        "cashReceipts": 0,
        "dayTradingBuyingPower": money(available * 4),
        "dayTradingBuyingPowerCall": 0,
        "dayTradingEquityCall": 0,
        "equity": money(_equity(opening)),
        "equityPercentage": money(_percentage(opening)),
        "liquidationValue": money(opening.liquidation),
        "longMarginValue": money(opening.long),
        "longOptionMarketValue": money(opening.long_option),
        "longStockValue": money(opening.long),
        "maintenanceCall": money(call),
        "maintenanceRequirement": money(opening.required),
        "margin": money(opening.cash),
        "marginEquity": money(_equity(opening)),
        "moneyMarketFund": money(opening.money_market),
        "mutualFundValue": money(available),
        "regTCall": 0,
        "shortMarginValue": money(opening.short),
        "shortOptionMarketValue": money(opening.short_option),
        "shortStockValue": money(opening.short),
        "totalCash": 0,
        "isInCall": call > 0,
        "pendingDeposits": 0,
        "marginBalance": money(min(opening.cash, NOTHING)),
        "shortBalance": 0,
        "accountValue": money(opening.liquidation),
    }


def current(now: Totals) -> Block:
    """`currentBalances`, beside what both types have. In USD."""
    available = _available(now)
    return {
        "availableFunds": money(available),
        "availableFundsNonMarginableTrade": money(available),
        "buyingPower": money(available * 2),
        "buyingPowerNonMarginableTrade": money(available),
        "dayTradingBuyingPower": money(available * 4),
        "equity": money(_equity(now)),
        "equityPercentage": money(_percentage(now)),
        "longMarginValue": money(now.long),
        "maintenanceCall": money(_call(now)),
        "maintenanceRequirement": money(now.required),
        "marginBalance": money(min(now.cash, NOTHING)),
        "regTCall": 0,
        "shortBalance": 0,
        "shortMarginValue": money(now.short),
        "sma": money(available),
    }


def projected(now: Totals) -> Block:
    """`projectedBalances`, in USD."""
    available = _available(now)
    call = _call(now)
    return {
        "availableFunds": money(available),
        "availableFundsNonMarginableTrade": money(available),
        "buyingPower": money(available * 2),
        "dayTradingBuyingPower": money(available * 4),
        "dayTradingBuyingPowerCall": 0,
        "maintenanceCall": money(call),
        "regTCall": 0,
        "isInCall": call > 0,
        "stockBuyingPower": money(available * 2),
    }
