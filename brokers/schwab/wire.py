"""Schwab's answers as they come, and only the fields that we use.

Everything is optional, as in Schwab's own description, and null is the same as absent; what must be there is asked for
where it is needed. `isInCall` (a number in the description, a boolean live) and the like are not named, so they cannot
hurt. Shapes: Schwab's OpenAPI description 1.0.0, corrected by live answers.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from brokers.decoding import Numbers


class AccountNumber(msgspec.Struct, rename="camel"):
    """`hash_value` stands for the number in paths; opaque, and read anew each time."""

    account_number: str
    hash_value: str


class Instrument(msgspec.Struct, rename="camel"):
    """No strike, expiry or multiplier: an option's are in its symbol."""

    asset_type: str | None = None
    symbol: str | None = None
    cusip: str | None = None
    description: str | None = None
    instrument_id: int | None = None
    underlying_symbol: str | None = None
    put_call: str | None = None


class Row(Numbers):
    """A position. Both quantities are positive; the market value of a short is negative. A long row has no `short…`
    profit and the other way round. `average_price` holds the fees."""

    instrument: Instrument | None = None
    long_quantity: Decimal | None = None
    short_quantity: Decimal | None = None
    average_price: Decimal | None = None
    market_value: Decimal | None = None
    long_open_profit_loss: Decimal | None = None
    short_open_profit_loss: Decimal | None = None
    current_day_profit_loss: Decimal | None = None


class CurrentBalances(Numbers):
    """The balances now. Which fields are there depends on the account's type."""

    cash_balance: Decimal | None = None
    liquidation_value: Decimal | None = None
    equity: Decimal | None = None
    equity_percentage: Decimal | None = None
    buying_power: Decimal | None = None
    stock_buying_power: Decimal | None = None
    option_buying_power: Decimal | None = None
    buying_power_non_marginable_trade: Decimal | None = None
    day_trading_buying_power: Decimal | None = None
    available_funds: Decimal | None = None
    cash_available_for_trading: Decimal | None = None
    long_market_value: Decimal | None = None
    short_market_value: Decimal | None = None
    long_option_market_value: Decimal | None = None
    short_option_market_value: Decimal | None = None
    bond_value: Decimal | None = None
    mutual_fund_value: Decimal | None = None
    money_market_fund: Decimal | None = None
    savings: Decimal | None = None
    margin_balance: Decimal | None = None
    maintenance_requirement: Decimal | None = None
    unsettled_cash: Decimal | None = None


class ProjectedBalances(Numbers):
    stock_buying_power: Decimal | None = None


class SecuritiesAccount(msgspec.Struct, rename="camel"):
    """`positions` is left out when there are none."""

    account_number: str
    type: str
    positions: list[Row] | None = None
    current_balances: CurrentBalances | None = None
    projected_balances: ProjectedBalances | None = None


class Account(msgspec.Struct, rename="camel"):
    """`aggregatedBalance` stands beside it and may differ from the account's own total: not used."""

    securities_account: SecuritiesAccount


class NamedAccount(msgspec.Struct, rename="camel"):
    account_number: str


class Named(msgspec.Struct, rename="camel"):
    """The one thing to know of an account that cannot be read: which one it is."""

    securities_account: NamedAccount


class PreferredAccount(msgspec.Struct, rename="camel"):
    account_number: str | None = None
    nick_name: str | None = None


class Streamer(msgspec.Struct, rename="camel"):
    """The customer's id is the same at every login. It names a person: never shown or logged."""

    schwab_client_customer_id: str | None = None


class UserPreference(msgspec.Struct, rename="camel"):
    accounts: list[PreferredAccount] | None = None
    streamer_info: list[Streamer] | None = None
