"""The account summary as a dashboard shows it: formatted text, in the account's currency."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from models.account import Account
from models.connection import Connection, Status
from models.session import Database
from worker.money import money, percentage

_FIELDS = {
    "net_liquidating_value": "net_liq",
    "stock_buying_power": "stock_buying_power",
    "option_buying_power": "option_buying_power",
    "day_trading_buying_power": "day_trading_buying_power",
    "available_funds_for_trading": "available_funds",
    "long_stock_value": "long_market_value",
}


class NoSuchAccount(LookupError):
    """There is no account to sum up. The message says what was looked for."""


def account_summary(database: Database, account_id: uuid.UUID | None, user_id: str | None) -> dict[str, str]:
    """The summary of that account, or of the user's first one, those that are still connected and shared before others.

    `account_id` and `account` (masked number and nickname) say which one it is. What the broker does not give is an em
    dash.

    Raises `NoSuchAccount`, also when neither is named: a summary of somebody's account would help nobody. An account of
    another user than the one named is not found.
    """
    if account_id is None and user_id is None:
        raise NoSuchAccount("Name the account or the user.")
    wanted = (
        select(Account)
        .join(Connection, Connection.id == Account.connection_id)
        .order_by(
            Connection.status == Status.DISCONNECTED, Account.missing_since.is_not(None), Account.created_at, Account.id
        )
        .limit(1)
    )
    if account_id is not None:
        wanted = wanted.where(Account.id == account_id)
    if user_id is not None:
        wanted = wanted.where(Connection.user_id == user_id)
    with database.session() as session:
        account = session.scalars(wanted).one_or_none()
    if account is None:
        raise NoSuchAccount(f"There is no account {account_id}." if account_id else f"User {user_id} has no account.")
    named = {"account_id": str(account.id), "account": " ".join(filter(None, (account.masked, account.nickname)))}
    summary = {name: money(getattr(account, column), account.currency) for name, column in _FIELDS.items()}
    return named | summary | {"equity_percentage": percentage(account.equity_percentage)}
