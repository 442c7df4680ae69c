"""The account API's documents, in the shapes seen live."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from sandbox.balances import balances
from sandbox.instruments import Certificate, Instrument, Option
from sandbox.market import Market
from sandbox.numbers import CENT, Number, money, noisy, quantity, short
from sandbox.portfolio import NOTHING, Account, Holding, Side

Document = dict[str, Any]

# The aggregate is not the account's own total where options are held (live: 51434.86 beside 50946.39).
AGGREGATE_OFF_BY = Decimal("0.05")


def account_numbers(accounts: Iterable[Account]) -> list[Document]:
    return [{"accountNumber": account.number, "hashValue": account.hash} for account in accounts]


def account_document(account: Account, market: Market, *, with_positions: bool) -> Document:
    """One entry of `/accounts`. Without positions, or with none held, the key `positions` is not there."""
    totals = account.totals(market)
    aggregate = money(totals.liquidation + AGGREGATE_OFF_BY * (totals.long_option - totals.short_option))
    securities: Document = {
        "type": account.type,
        "accountNumber": account.number,
        "roundTrips": 0,
        "isDayTrader": False,
        "isClosingOnlyRestricted": False,
        "pfcbFlag": False,
    }
    if with_positions and account.holdings:
        securities["positions"] = [_position(account, holding, market) for holding in account.rows()]
    return {
        "securitiesAccount": securities | balances(account, market),
        "aggregatedBalance": {"currentLiquidationValue": aggregate, "liquidationValue": aggregate},
    }


def user_preference(accounts: Iterable[Account], customer_id: str) -> Document:
    """One object, as live; the official description has a list."""
    return {
        "accounts": [
            {
                "accountNumber": account.number,
                "primaryAccount": account.primary,
                "type": "BROKERAGE",
                "nickName": account.nickname,
                "displayAcctId": f"...{account.number[-3:]}",
                "autoPositionEffect": False,
                "accountColor": "Green",
                "lotSelectionMethod": "FIFO",
            }
            for account in accounts
        ],
        "streamerInfo": [
            {
                "streamerSocketUrl": "wss://streamer.sandbox.invalid/ws",
                "schwabClientCustomerId": customer_id,
                "schwabClientCorrelId": str(UUID(hex=customer_id[:32])),
                "schwabClientChannel": "N9",
                "schwabClientFunctionId": "APIAPP",
            }
        ],
        "offers": [{"level2Permissions": True, "mktDataPermission": "NP"}],
    }


def _position(account: Account, holding: Holding, market: Market) -> Document:
    """One row: both quantities always, of the rest only what belongs to its side."""
    value, profit = holding.value(market), holding.day_profit(market)
    is_long = holding.side is Side.LONG
    row: Document = {
        "shortQuantity": quantity(NOTHING if is_long else holding.quantity),
        "averagePrice": short(holding.average),
        "currentDayProfitLoss": noisy(profit, account.number, holding.instrument.symbol, market.tick_count),
        "currentDayProfitLossPercentage": _percentage(profit, value - profit),
        "longQuantity": quantity(holding.quantity if is_long else NOTHING),
        "settledLongQuantity": quantity(holding.settled if is_long else NOTHING),
        "settledShortQuantity": quantity(NOTHING if is_long else holding.settled),
    }
    if holding.instrument.asset_type == "MUTUAL_FUND":
        row["agedQuantity"] = quantity(holding.settled)
    row["instrument"] = _instrument(holding.instrument, market)
    row["marketValue"] = money(value)
    row["maintenanceRequirement"] = money(holding.requirement(market)) if account.type == "MARGIN" else 0
    side = "Long" if is_long else "Short"
    row[f"average{side}Price"] = short(holding.trade_average)
    row[f"taxLotAverage{side}Price"] = short(holding.average)
    row[f"{side.lower()}OpenProfitLoss"] = money(value - holding.cost(market))
    row[f"previousSession{side}Quantity"] = quantity(holding.previous_quantity)
    row["currentDayCost"] = money(holding.day_cost)
    return row


def _percentage(profit: Decimal, base: Decimal) -> Number:
    return short((profit / abs(base) * 100).quantize(CENT)) if base else 0


def _instrument(instrument: Instrument, market: Market) -> Document:
    """Which fields a kind of instrument has: stocks no description, funds and certificates no net change."""
    document: Document = {
        "assetType": instrument.asset_type,
        "cusip": instrument.cusip,
        "symbol": instrument.symbol,
    }
    if instrument.description:
        document["description"] = instrument.description
    if instrument.asset_type in {"EQUITY", "OPTION"}:
        document["netChange"] = short(market.price(instrument.symbol) - market.previous_close(instrument.symbol))
    if instrument.kind:
        document["type"] = instrument.kind
    if isinstance(instrument, Option):
        document["putCall"] = instrument.put_call
        document["underlyingSymbol"] = instrument.underlying
    if isinstance(instrument, Certificate):
        document["maturityDate"] = f"{instrument.maturity:%Y-%m-%d}T05:00:00.000+00:00"
        document["variableRate"] = short(instrument.rate)
    return document
