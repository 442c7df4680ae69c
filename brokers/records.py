"""What a broker's answers become: frozen records, exact decimals, aware UTC, the same for every broker.

Field names are the column names of `models`, so that storing a record copies it. Money is in `currency` of the record;
what the broker does not give is None, never 0.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec


class AssetType(StrEnum):
    """The kinds of instrument we tell apart; the broker's own word is kept beside it."""

    EQ = "EQ"
    ETF = "ETF"
    OPT = "OPT"
    FUND = "FUND"
    BOND = "BOND"
    CASH = "CASH"
    CRYPTO = "CRYPTO"
    FUT = "FUT"
    FX = "FX"
    OTHER = "OTHER"


class Grant(NamedTuple):
    """What a login or a refresh gave us.

    `credentials` is the whole document to seal and keep (a field the answer left out keeps its old value), and
    `access_expires_in` how long its access part works from now; None when it does not end.
    """

    credentials: dict[str, str]
    access_expires_in: timedelta | None

    def __repr__(self) -> str:
        return f"Grant(fields={sorted(self.credentials)}, access_expires_in={self.access_expires_in})"


class ListedAccount(msgspec.Struct, frozen=True):
    """An account that a login may read. `number` is the full number: for fingerprints and sealing, never for showing."""

    number: str
    broker_account_id: str
    nickname: str | None = None

    def __repr__(self) -> str:
        return f"ListedAccount({self.masked})"

    @property
    def masked(self) -> str:
        return mask(self.number)


class Listing(msgspec.Struct, frozen=True):
    """All accounts of a login, and the broker's stable id of the login itself where it gives one."""

    accounts: tuple[ListedAccount, ...]
    login_id: str | None = None

    def __repr__(self) -> str:
        return f"Listing({len(self.accounts)} accounts)"


class Balances(msgspec.Struct, frozen=True, kw_only=True):
    """The balances of one account, in its currency. `equity_percentage` is in percent."""

    cash: Decimal | None = None
    net_liq: Decimal | None = None
    equity: Decimal | None = None
    equity_percentage: Decimal | None = None
    buying_power: Decimal | None = None
    stock_buying_power: Decimal | None = None
    option_buying_power: Decimal | None = None
    day_trading_buying_power: Decimal | None = None
    available_funds: Decimal | None = None
    long_market_value: Decimal | None = None
    short_market_value: Decimal | None = None
    long_option_value: Decimal | None = None
    short_option_value: Decimal | None = None
    bond_value: Decimal | None = None
    mutual_fund_value: Decimal | None = None
    money_market_fund: Decimal | None = None
    savings: Decimal | None = None
    margin_balance: Decimal | None = None
    maintenance_requirement: Decimal | None = None
    unsettled_cash: Decimal | None = None


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One holding. `quantity` is signed (long − short); values are in `currency`; `strike` per unit of the underlying.

    `mark_price` is market_value ÷ quantity ÷ multiplier; None when the quantity is 0 or the multiplier unknown. A bond's
    prices are in percent of par.
    """

    instrument_key: str
    symbol: str
    asset_type: AssetType
    broker_asset_type: str
    quantity: Decimal
    currency: str
    avg_price: Decimal | None = None
    mark_price: Decimal | None = None
    market_value: Decimal | None = None
    cost_basis: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    day_pnl: Decimal | None = None
    multiplier: Decimal | None = None
    cusip: str | None = None
    description: str | None = None
    underlying: str | None = None
    expiry: date | None = None
    strike: Decimal | None = None
    put_call: str | None = None


class AccountSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One account as the broker just described it, whole. `positions` is empty only where the answer proves it.

    `broker_account_id` None: not told this time, which is for accounts that the caller knows.
    """

    number: str
    broker_account_id: str | None
    type: str
    currency: str
    balances: Balances
    positions: tuple[Position, ...]
    as_of: datetime | None = None

    def __repr__(self) -> str:
        return f"AccountSnapshot({mask(self.number)}, {len(self.positions)} positions)"


class AccountFault(msgspec.Struct, frozen=True, kw_only=True):
    """One account whose part of the answer cannot be used; the others of the same answer can. `fault` as in the errors."""

    number: str
    endpoint: str
    fault: str

    def __repr__(self) -> str:
        return f"AccountFault({mask(self.number)}, {self.endpoint}: {self.fault})"


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one fetch brought: each account of the login once, readable or not."""

    accounts: tuple[AccountSnapshot | AccountFault, ...]


class SameAnswer(msgspec.Struct, frozen=True):
    """The broker answered what the caller has read before, to the byte."""


class ComeBack(msgspec.Struct, frozen=True, kw_only=True):
    """A broker that prepares its report first: ask again after `wait` and hand it `state`."""

    wait: timedelta
    state: dict[str, Any]


def mask(number: str) -> str:
    """The form of an account number that may be shown: its last three characters."""
    return f"…{number[-3:]}" if len(number) > 4 else "…"
