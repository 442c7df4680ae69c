"""Accounts with their balances, and what they hold."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId
from models.sealing import Sealed


class Account(Base):
    """One account: its latest proved balances, in `currency`. A row changes only when the broker's answer did.

    `version` counts the changes; `published_version` is what subscribers were sent. `fetched_at` is when we asked for the
    answer that made this version (when the broker last *confirmed* it stands in `account_checks`); `as_of` is the
    broker's own time, where it gives one. Version 0: listed, not yet fetched.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("connection_id", "number_fp"),
        # Looked through every few seconds for what subscribers have not had: mostly nothing.
        Index("ix_accounts_behind", "id", postgresql_where=text("published_version < version")),
    )

    id: Mapped[RowId]
    connection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"))
    number_fp: Mapped[str]
    number_sealed: Mapped[str]
    masked: Mapped[str]
    broker_account_id: Mapped[str]
    nickname: Mapped[str | None]
    type: Mapped[str | None]
    currency: Mapped[str | None]
    cash: Mapped[Decimal | None]
    net_liq: Mapped[Decimal | None]
    equity: Mapped[Decimal | None]
    equity_percentage: Mapped[Decimal | None]
    buying_power: Mapped[Decimal | None]
    stock_buying_power: Mapped[Decimal | None]
    option_buying_power: Mapped[Decimal | None]
    day_trading_buying_power: Mapped[Decimal | None]
    available_funds: Mapped[Decimal | None]
    long_market_value: Mapped[Decimal | None]
    short_market_value: Mapped[Decimal | None]
    long_option_value: Mapped[Decimal | None]
    short_option_value: Mapped[Decimal | None]
    bond_value: Mapped[Decimal | None]
    mutual_fund_value: Mapped[Decimal | None]
    money_market_fund: Mapped[Decimal | None]
    savings: Mapped[Decimal | None]
    margin_balance: Mapped[Decimal | None]
    maintenance_requirement: Mapped[Decimal | None]
    unsettled_cash: Mapped[Decimal | None]
    version: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"), default=0)
    published_version: Mapped[int] = mapped_column(BigInteger(), server_default=text("0"), default=0)
    as_of: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    committed_at: Mapped[datetime | None]
    proof: Mapped[dict[str, Any] | None]
    missing_since: Mapped[datetime | None]
    # Not the transaction's time: accounts that are listed together keep the broker's order.
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    number = Sealed[str]("number_sealed")

    @property
    def sealed_under(self) -> uuid.UUID:
        return self.id


class AccountCheck(Base):
    """When the broker last gave a good answer about an account, changed or not.

    Apart from `accounts`, so that the same answer twice writes no account row, and one broken account of a login cannot
    borrow the good time of another.
    """

    __tablename__ = "account_checks"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    checked_at: Mapped[datetime]


class Position(Base):
    """One holding of an account, only while it is held. `quantity` is signed; values are in `currency`."""

    __tablename__ = "positions"
    __table_args__ = (
        CheckConstraint(
            "asset_type IN ('EQ', 'ETF', 'OPT', 'FUND', 'BOND', 'CASH', 'CRYPTO', 'FUT', 'FX', 'OTHER')",
            name="asset_type",
        ),
        CheckConstraint("put_call IN ('CALL', 'PUT')", name="put_call"),
        # While a market is open a sync moves the price of every position. In a page that is half empty the new versions of
        # all its rows find room beside the old ones, and then no index is written and nothing is left to vacuum.
        {"postgresql_with": {"fillfactor": 50}},
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    instrument_key: Mapped[str] = mapped_column(primary_key=True)
    symbol: Mapped[str]
    asset_type: Mapped[str]
    broker_asset_type: Mapped[str]
    quantity: Mapped[Decimal]
    avg_price: Mapped[Decimal | None]
    mark_price: Mapped[Decimal | None]
    market_value: Mapped[Decimal | None]
    cost_basis: Mapped[Decimal | None]
    unrealized_pnl: Mapped[Decimal | None]
    day_pnl: Mapped[Decimal | None]
    multiplier: Mapped[Decimal | None]
    currency: Mapped[str]
    cusip: Mapped[str | None]
    description: Mapped[str | None]
    underlying: Mapped[str | None]
    expiry: Mapped[date | None]
    strike: Mapped[Decimal | None]
    put_call: Mapped[str | None]
