"""The three balance blocks of an account, with the fields seen live for its type.

Some live fields do not mean what they say, and the sandbox keeps that: `mutualFundValue` and `bondValue` of the initial
balances are not holdings, a margin account's initial `totalCash` is 0, a cash account's `longNonMarginableMarketValue`
is its cash. The figures that make up `liquidationValue` are exact.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.market import Market
from sandbox.numbers import Number, money
from sandbox.portfolio import NOTHING, Account, Holding, Totals

Block = dict[str, Number | bool]

HALF = Decimal("0.5")
# Of the value of a short option; its premium besides. Schwab's real rule looks at the strike too.
SHORT_OPTION_REQUIREMENT = Decimal("2")
STOCK_REQUIREMENT = Decimal("0.3")


def balances(account: Account, market: Market) -> dict[str, Block]:
    """`initialBalances`, `currentBalances` and `projectedBalances`."""
    now, opening = account.totals(market), account.opening
    if account.type == "CASH":
        return {
            "initialBalances": _cash_initial(opening),
            "currentBalances": _all(now) | _cash_current(now, account.unsettled),
            "projectedBalances": _cash_projected(now, account.unsettled),
        }
    required = sum((maintenance(holding, market) for holding in account.rows()), NOTHING)
    return {
        "initialBalances": _margin_initial(opening, required),
        "currentBalances": _all(now) | _margin_current(now, required),
        "projectedBalances": _margin_projected(now, required),
    }


def maintenance(holding: Holding, market: Market) -> Decimal:
    """The equity that a position ties up in a margin account."""
    value = holding.value(market)
    if holding.instrument.asset_type == "OPTION":
        return -value * SHORT_OPTION_REQUIREMENT if value < 0 else NOTHING
    return abs(value) * STOCK_REQUIREMENT


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


def _equity(totals: Totals) -> Decimal:
    """Live it leaves the options out."""
    return totals.liquidation - totals.long_option - totals.short_option


def _percentage(totals: Totals) -> Decimal:
    """Percent of what is held that is not borrowed."""
    held = _equity(totals) - min(totals.cash, NOTHING)
    return _equity(totals) / held * 100 if held > 0 else NOTHING


def _available(totals: Totals, required: Decimal) -> Decimal:
    return max(NOTHING, _equity(totals) - required)


def _call(totals: Totals, required: Decimal) -> Decimal:
    return max(NOTHING, required - _equity(totals))


def _margin_initial(opening: Totals, required: Decimal) -> Block:
    available = _available(opening, required)
    call = _call(opening, required)
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
        "maintenanceRequirement": money(required),
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


def _margin_current(now: Totals, required: Decimal) -> Block:
    available = _available(now, required)
    return {
        "availableFunds": money(available),
        "availableFundsNonMarginableTrade": money(available),
        "buyingPower": money(available * 2),
        "buyingPowerNonMarginableTrade": money(available),
        "dayTradingBuyingPower": money(available * 4),
        "equity": money(_equity(now)),
        "equityPercentage": money(_percentage(now)),
        "longMarginValue": money(now.long),
        "maintenanceCall": money(_call(now, required)),
        "maintenanceRequirement": money(required),
        "marginBalance": money(min(now.cash, NOTHING)),
        "regTCall": 0,
        "shortBalance": 0,
        "shortMarginValue": money(now.short),
        "sma": money(available),
    }


def _margin_projected(now: Totals, required: Decimal) -> Block:
    available = _available(now, required)
    call = _call(now, required)
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


def _cash_initial(opening: Totals) -> Block:
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


def _cash_current(now: Totals, unsettled: Decimal) -> Block:
    return {
        "cashAvailableForTrading": money(now.cash),
        "cashAvailableForWithdrawal": money(max(NOTHING, now.cash - unsettled)),
        "cashCall": 0,
        "longNonMarginableMarketValue": money(now.cash),
        "totalCash": money(now.cash),
        "cashDebitCallValue": 0,
        "unsettledCash": money(unsettled),
    }


def _cash_projected(now: Totals, unsettled: Decimal) -> Block:
    return {
        "cashAvailableForTrading": money(now.cash),
        "cashAvailableForWithdrawal": money(max(NOTHING, now.cash - unsettled)),
    }
