"""Schwab-shaped answers as bytes: any number of accounts and positions, and a next one in which every price has moved."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

_MOST_TICKS, _FEWEST_TICKS = 200, 5
_ROWS = 20_000
"""In all answers of one shape together: as many as are made in a second or two."""

_EXPIRY = "281215"


class Shape(NamedTuple):
    """So many accounts, each with so many positions. Written `2x50`."""

    accounts: int
    positions: int

    @property
    def ticks(self) -> int:
        """So many different answers there are, one after the other; neighbours, and the last and the first, differ in
        every price. Many, so that nobody gains from having seen a number before."""
        return max(_FEWEST_TICKS, min(_MOST_TICKS, _ROWS // (self.accounts * self.positions)))

    @classmethod
    def read(cls, text: str) -> Shape:
        accounts, positions = text.split("x")
        return cls(int(accounts), int(positions))

    def __str__(self) -> str:
        return f"{self.accounts}x{self.positions}"


def number(account: int) -> str:
    return f"{40_000_000 + account}"


@cache
def account_numbers(shape: Shape) -> bytes:
    """The answer of `/accounts/accountNumbers`."""
    return _encoded(
        [{"accountNumber": number(each), "hashValue": f"{each:064X}"} for each in range(shape.accounts)],
    )


@cache
def accounts(shape: Shape) -> tuple[bytes, ...]:
    """The answers of `/accounts?fields=positions`, one for each tick; made at once, so that none of them costs more."""
    return tuple(
        _encoded([_account(each, shape.positions, tick) for each in range(shape.accounts)])
        for tick in range(shape.ticks)
    )


def _account(account: int, positions: int, tick: int) -> dict[str, Any]:
    rows = [_row(place, tick) for place in range(positions)]
    stocks = sum(value for kind, value, _ in rows if kind != "OPTION")
    long_options = sum(value for kind, value, _ in rows if kind == "OPTION" and value > 0)
    short_options = sum(value for kind, value, _ in rows if kind == "OPTION" and value < 0)
    cash = 448_810 + tick
    totals = {
        "cashBalance": _money(cash),
        "liquidationValue": _money(cash + stocks + long_options + short_options),
        "longMarketValue": _money(stocks),
        "longOptionMarketValue": _money(long_options),
        "shortMarketValue": 0,
        "shortOptionMarketValue": _money(short_options),
        "moneyMarketFund": 0,
        "mutualFundValue": 0,
        "bondValue": 0,
        "savings": 0,
        "accruedInterest": 0,
        "cashReceipts": 0,
        "pendingDeposits": 0,
    }
    margin = account % 2 == 0
    return {
        "securitiesAccount": {
            "type": "MARGIN" if margin else "CASH",
            "accountNumber": number(account),
            "roundTrips": 0,
            "isDayTrader": False,
            "isClosingOnlyRestricted": False,
            "pfcbFlag": False,
            "positions": [row for _, _, row in rows],
            "initialBalances": totals,
            "currentBalances": totals | (_margin(cash + stocks) if margin else _cash(cash)),
            "projectedBalances": {"stockBuyingPower": _money(2 * (cash + stocks)), "isInCall": False} if margin else {},
        },
        "aggregatedBalance": {
            "currentLiquidationValue": totals["liquidationValue"],
            "liquidationValue": totals["liquidationValue"],
        },
    }


def _margin(cents: int) -> dict[str, Any]:
    return {
        "availableFunds": _money(cents),
        "availableFundsNonMarginableTrade": _money(cents),
        "buyingPower": _money(2 * cents),
        "buyingPowerNonMarginableTrade": _money(cents),
        "dayTradingBuyingPower": _money(4 * cents),
        "equity": _money(cents),
        "equityPercentage": 98.5,
        "maintenanceRequirement": _money(cents // 3),
        "marginBalance": 0,
        "regTCall": 0,
        "sma": _money(cents),
    }


def _cash(cents: int) -> dict[str, Any]:
    return {"cashAvailableForTrading": _money(cents), "cashAvailableForWithdrawal": _money(cents), "unsettledCash": 0}


def _row(place: int, tick: int) -> tuple[str, int, dict[str, Any]]:
    """Of ten positions six are stocks, one a fund, two long options, one a short option: kind, value in cents, row."""
    kind, quantity, units = "EQUITY", 5.0 + place % 90, 1
    if place % 10 == 6:
        # A part of a share, so that its mark is no round number.
        kind, quantity = "COLLECTIVE_INVESTMENT", quantity + 0.345
    elif place % 10 >= 7:
        kind, quantity, units = "OPTION", -2.0 if place % 10 == 9 else 3.0, 100
    price = 1_000 + place * 7 % 9_000 + tick * (1 + place % 7)
    value = round(price * quantity * units)
    cost = value - round(quantity * units * (13 + place % 31))
    side = "long" if quantity > 0 else "short"
    average = round(cost / (quantity * units) / 100 + 0.000214285714, 12)
    row = {
        "shortQuantity": max(-quantity, 0.0),
        "averagePrice": average,
        "currentDayProfitLoss": _money(round(quantity * units * (1 + tick))),
        "currentDayProfitLossPercentage": 0.41,
        "longQuantity": max(quantity, 0.0),
        "settledLongQuantity": max(quantity, 0.0),
        "settledShortQuantity": min(quantity, 0.0),
        "instrument": _instrument(kind, place, tick),
        "marketValue": _money(value),
        "maintenanceRequirement": _money(abs(value) // 3),
        f"average{side.title()}Price": average,
        f"taxLotAverage{side.title()}Price": average,
        f"{side}OpenProfitLoss": _money(value - cost),
        f"previousSession{side.title()}Quantity": abs(quantity),
        "currentDayCost": 0,
    }
    return kind, value, row


def _instrument(kind: str, place: int, tick: int) -> dict[str, Any]:
    letters = "".join(chr(ord("A") + place // 26**power % 26) for power in (2, 1, 0))
    document: dict[str, Any] = {"assetType": kind, "cusip": f"{place:09}"}
    if kind == "OPTION":
        side = "P" if place % 10 == 9 else "C"
        return document | {
            "symbol": f"{letters:<6}{_EXPIRY}{side}{(20 + place % 300) * 1000:08}",
            "description": f"{letters} CORP 12/15/2028 ${20 + place % 300} {'Put' if side == 'P' else 'Call'}",
            "netChange": round(0.01 * (tick + 1), 2),
            "type": "VANILLA",
            "putCall": "PUT" if side == "P" else "CALL",
            "underlyingSymbol": letters,
        }
    document["symbol"] = letters
    if kind == "EQUITY":
        return document | {"netChange": round(0.01 * (tick + 1), 2)}
    return document | {"description": f"{letters} INDEX FUND", "type": "EXCHANGE_TRADED_FUND"}


def _money(cents: int) -> float:
    return cents / 100


def _encoded(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
