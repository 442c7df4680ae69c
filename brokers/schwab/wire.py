"""Schwab's answers as they come, and only the fields that we use.

Everything is optional, as in Schwab's own description, and null is the same as absent; what must be there is asked for
where it is needed. `isInCall` (a number in the description, a boolean live) and the like are not named, so they cannot
hurt. Shapes: Schwab's OpenAPI description 1.0.0, corrected by live answers.
"""

from __future__ import annotations

import msgspec

from brokers.decoding import Amount, Handle, Line, Serial, Word


class AccountNumber(msgspec.Struct, rename="camel"):
    """`hash_value` stands for the number in paths; opaque, and read anew each time."""

    account_number: Word
    hash_value: Handle


class Instrument(msgspec.Struct, rename="camel"):
    """No strike, expiry or multiplier: an option's are in its symbol."""

    asset_type: Word | None = None
    symbol: Word | None = None
    cusip: Word | None = None
    description: Line | None = None
    instrument_id: Serial | None = None
    underlying_symbol: Word | None = None
    put_call: Word | None = None


class Row(msgspec.Struct, rename="camel"):
    """A position. Both quantities are positive; the market value of a short is negative. A long row has no `short…`
    profit and the other way round. `average_price` holds the fees."""

    instrument: Instrument | None = None
    long_quantity: Amount | None = None
    short_quantity: Amount | None = None
    average_price: Amount | None = None
    market_value: Amount | None = None
    long_open_profit_loss: Amount | None = None
    short_open_profit_loss: Amount | None = None
    current_day_profit_loss: Amount | None = None


class CurrentBalances(msgspec.Struct, rename="camel"):
    """The balances now. Which fields are there depends on the account's type."""

    cash_balance: Amount | None = None
    liquidation_value: Amount | None = None
    equity: Amount | None = None
    equity_percentage: Amount | None = None
    buying_power: Amount | None = None
    stock_buying_power: Amount | None = None
    option_buying_power: Amount | None = None
    buying_power_non_marginable_trade: Amount | None = None
    day_trading_buying_power: Amount | None = None
    available_funds: Amount | None = None
    cash_available_for_trading: Amount | None = None
    long_market_value: Amount | None = None
    short_market_value: Amount | None = None
    long_option_market_value: Amount | None = None
    short_option_market_value: Amount | None = None
    bond_value: Amount | None = None
    mutual_fund_value: Amount | None = None
    money_market_fund: Amount | None = None
    savings: Amount | None = None
    margin_balance: Amount | None = None
    maintenance_requirement: Amount | None = None
    unsettled_cash: Amount | None = None


class ProjectedBalances(msgspec.Struct, rename="camel"):
    stock_buying_power: Amount | None = None


class SecuritiesAccount(msgspec.Struct, rename="camel"):
    """`positions` is left out when there are none."""

    account_number: Word
    type: Word
    positions: list[Row] | None = None
    current_balances: CurrentBalances | None = None
    projected_balances: ProjectedBalances | None = None


class Account(msgspec.Struct, rename="camel"):
    """`aggregatedBalance` stands beside it and may differ from the account's own total: not used."""

    securities_account: SecuritiesAccount


class NamedAccount(msgspec.Struct, rename="camel"):
    account_number: Word


class Named(msgspec.Struct, rename="camel"):
    """The one thing to know of an account that cannot be read: which one it is."""

    securities_account: NamedAccount


class PreferredAccount(msgspec.Struct, rename="camel"):
    """The nickname is read apart, so that one that cannot be used costs nothing else."""

    account_number: Word | None = None
    nick_name: msgspec.Raw = msgspec.Raw(b"null")


class Streamer(msgspec.Struct, rename="camel"):
    """The customer's id is the same at every login. It names a person: never shown or logged."""

    schwab_client_customer_id: Handle | None = None


class UserPreference(msgspec.Struct, rename="camel"):
    accounts: list[PreferredAccount] | None = None
    streamer_info: list[Streamer] | None = None
