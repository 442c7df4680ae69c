"""Schwab's answers in their live shapes, with invented people, numbers and prices."""

from __future__ import annotations

from typing import Any

MARGIN_NUMBER = "40917733"
CASH_NUMBER = "55801264"
MARGIN_HASH = "A7" * 32
CASH_HASH = "5C" * 32
CUSTOMER_ID = "e3" * 32

Document = dict[str, Any]


def account_numbers() -> list[Document]:
    return [
        {"accountNumber": MARGIN_NUMBER, "hashValue": MARGIN_HASH},
        {"accountNumber": CASH_NUMBER, "hashValue": CASH_HASH},
    ]


def user_preference() -> Document:
    return {
        "accounts": [
            {"accountNumber": MARGIN_NUMBER, "primaryAccount": True, "type": "BROKERAGE", "nickName": "Trading"},
            {"accountNumber": CASH_NUMBER, "primaryAccount": False, "type": "BROKERAGE", "nickName": ""},
        ],
        "streamerInfo": [{"streamerSocketUrl": "wss://stream.example/ws", "schwabClientCustomerId": CUSTOMER_ID}],
        "offers": [{"level2Permissions": True, "mktDataPermission": "NP"}],
    }


def tokens(**changes: object) -> Document:
    document: Document = {
        "expires_in": 1800,
        "token_type": "Bearer",
        "scope": "api",
        "refresh_token": "refresh-new@",
        "access_token": "I0.access-new.x@",
        "id_token": "eyJ.e.e",
    }
    document.update(changes)
    return {name: value for name, value in document.items() if value is not ...}


def row(instrument: Document | None, long: float = 0, short: float = 0, **values: Any) -> Document:
    """One row as Schwab writes it: one-sided."""
    side = "long" if long else "short"
    document: Document = {
        "shortQuantity": short,
        "longQuantity": long,
        "settledLongQuantity": long,
        "settledShortQuantity": -short,
        "averagePrice": 10.0,
        "currentDayProfitLoss": -1.25,
        "currentDayProfitLossPercentage": -0.4,
        "marketValue": 100.0,
        f"{side}OpenProfitLoss": 5.5,
        "instrument": instrument,
    }
    document.update(values)
    return {name: value for name, value in document.items() if value is not ...}


def equity(symbol: str = "KLMN", long: float = 700, **values: Any) -> Document:
    return row({"assetType": "EQUITY", "symbol": symbol, "cusip": "999000111", "netChange": -0.25}, long, **values)


def option(symbol: str = "KLMN  270115P00042500", short: float = 2, **changes: object) -> Document:
    instrument = {
        "assetType": "OPTION",
        "cusip": "0KLMN.MF70042500",
        "symbol": symbol,
        "description": "KLMN INC 01/15/2027 $42.5 Put",
        "type": "VANILLA",
        "putCall": "PUT",
        "underlyingSymbol": "KLMN",
    }
    values: Document = {"marketValue": -564.0, "averagePrice": 3.1466, **changes}
    return row(instrument, short=short, **values)


def margin_balances(**changes: object) -> Document:
    document: Document = {
        "accruedInterest": 0,
        "cashBalance": 5120.35,
        "cashReceipts": 0,
        "longOptionMarketValue": 0,
        "liquidationValue": 11010.35,
        "longMarketValue": 6454.0,
        "moneyMarketFund": 0,
        "savings": 0,
        "shortMarketValue": 0,
        "pendingDeposits": 0,
        "mutualFundValue": 0,
        "bondValue": 0,
        "shortOptionMarketValue": -564.0,
        "availableFunds": 7401.25,
        "availableFundsNonMarginableTrade": 7401.25,
        "buyingPower": 14802.5,
        "buyingPowerNonMarginableTrade": 7401.26,
        "dayTradingBuyingPower": 29605,
        "equity": 11574.35,
        "equityPercentage": 98.5,
        "maintenanceCall": 0,
        "maintenanceRequirement": 2490.6,
        "marginBalance": -12.5,
        "regTCall": 0,
        "shortBalance": 0,
        "sma": 7401.26,
        "isInCall": False,
    }
    document.update(changes)
    return {name: value for name, value in document.items() if value is not ...}


def cash_balances(**changes: object) -> Document:
    document: Document = {
        "accruedInterest": 0,
        "cashBalance": 1561.98,
        "cashReceipts": 0,
        "longOptionMarketValue": 0,
        "liquidationValue": 1561.98,
        "longMarketValue": 0,
        "moneyMarketFund": 0,
        "savings": 0,
        "shortMarketValue": 0,
        "pendingDeposits": 0,
        "mutualFundValue": 0,
        "bondValue": 0,
        "shortOptionMarketValue": 0,
        "cashAvailableForTrading": 1500.5,
        "cashAvailableForWithdrawal": 1400.0,
        "cashCall": 0,
        "longNonMarginableMarketValue": 1561.98,
        "totalCash": 1561.98,
        "cashDebitCallValue": 0,
        "unsettledCash": 61.48,
    }
    document.update(changes)
    return {name: value for name, value in document.items() if value is not ...}


def margin_account(**changes: object) -> Document:
    document: Document = {
        "type": "MARGIN",
        "accountNumber": MARGIN_NUMBER,
        "roundTrips": 0,
        "isDayTrader": False,
        "positions": [equity(marketValue=6454.0, averagePrice=8.731428571429), option()],
        "initialBalances": {"bondValue": 59210.0, "liquidationValue": 1, "cashBalance": 2, "isInCall": False},
        "currentBalances": margin_balances(),
        "projectedBalances": {"availableFunds": 7401.25, "stockBuyingPower": 14802.53, "isInCall": 0},
    }
    document.update(changes)
    return {
        "securitiesAccount": {name: value for name, value in document.items() if value is not ...},
        "aggregatedBalance": {"currentLiquidationValue": 77777.0, "liquidationValue": 77777.0},
    }


def cash_account(**changes: object) -> Document:
    """Without positions: the key is left out."""
    document: Document = {
        "type": "CASH",
        "accountNumber": CASH_NUMBER,
        "roundTrips": 0,
        "initialBalances": {"mutualFundValue": 1561.98, "liquidationValue": 1},
        "currentBalances": cash_balances(),
        "projectedBalances": {"cashAvailableForTrading": 1500.5},
    }
    document.update(changes)
    return {
        "securitiesAccount": {name: value for name, value in document.items() if value is not ...},
        "aggregatedBalance": {"currentLiquidationValue": 1561.98, "liquidationValue": 1561.98},
    }


def accounts() -> list[Document]:
    return [margin_account(), cash_account()]


def ended(wording: str = "Exception while authenticating refresh token [tokenDigest=AAA=]") -> Document:
    """The refusal of a dead refresh token: one JSON text inside another, badly escaped."""
    inner = f'{{"error_description":"{wording}","error":"refresh_token_authentication_error"}}'
    return {"error": "unsupported_token_type", "error_description": f'400 Bad Request: "{inner}"'}


def ended_2026() -> Document:
    inner = '{"error_description":"Refresh token is invalid, expired or revoked","error":"invalid_grant"}'
    return {"error": "unsupported_token_type", "error_description": f'400 Bad Request: "{inner}"'}


def wrong_app() -> Document:
    return {"error": "invalid_client", "error_description": "Unauthorized"}


def not_authorized() -> Document:
    return {"errors": [{"id": "3f0c", "status": 401, "title": "Unauthorized", "detail": "Client not authorized"}]}
