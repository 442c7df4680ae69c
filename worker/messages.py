"""The documents that subscribers get: whole accounts, exact numbers, one builder for fresh and stored rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import msgspec

SCHEMA = 1

_BALANCES = (
    "cash",
    "net_liq",
    "buying_power",
    "equity",
    "equity_percentage",
    "stock_buying_power",
    "option_buying_power",
    "day_trading_buying_power",
    "available_funds",
    "long_market_value",
    "short_market_value",
    "long_option_value",
    "short_option_value",
    "bond_value",
    "mutual_fund_value",
    "money_market_fund",
    "savings",
    "margin_balance",
    "maintenance_requirement",
    "unsettled_cash",
)
_POSITION = (
    "symbol",
    "asset_type",
    "quantity",
    "avg_price",
    "mark_price",
    "market_value",
    "cost_basis",
    "unrealized_pnl",
    "day_pnl",
    "multiplier",
    "currency",
    "cusip",
    "description",
    "underlying",
    "expiry",
    "strike",
    "put_call",
    "instrument_key",
)
_position_values = itemgetter(*_POSITION)
_PUBLISHED_NAMES = tuple("qty" if name == "quantity" else name for name in _POSITION)

_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True)
class Message:
    """What is to be sent of one account. The two documents are None where only the check is news.

    `version` is the account's own in either case: a check confirms that version and no other.
    """

    account_id: uuid.UUID
    version: int
    checked_at: datetime
    balances: bytes | None = None
    positions: bytes | None = None


def snapshot_message(
    account: Mapping[str, Any], positions: Sequence[Mapping[str, Any]], checked_at: datetime
) -> Message:
    """Both documents of one account.

    `account`: the columns of `accounts` by name, with `account_id`, `connection_id`, `user_id` and `broker`; `positions`:
    the columns of `positions` by name.
    """
    return Message(
        account_id=account["account_id"],
        version=account["version"],
        checked_at=checked_at,
        balances=_encode(
            {**_envelope(account, "balances"), **{name: account[name] for name in _BALANCES}, "proof": account["proof"]}
        ),
        positions=_encode(
            {
                **_envelope(account, "positions"),
                "proof": account["proof"],
                "positions": [
                    dict(zip(_PUBLISHED_NAMES, _position_values(row), strict=True))
                    for row in sorted(positions, key=itemgetter("symbol", "instrument_key"))
                ],
            }
        ),
    )


def check_document(checked_at: datetime) -> bytes:
    """A JSON string of one length, so that the later of two is also the greater text."""
    return _encode(checked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _envelope(account: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": kind,
        "account_id": account["account_id"],
        "connection_id": account["connection_id"],
        "user_id": account["user_id"],
        "broker": account["broker"],
        "version": account["version"],
        "as_of": _utc(account["as_of"]),
        "fetched_at": _utc(account["fetched_at"]),
        "currency": account["currency"],
    }


def _utc(time: datetime | None) -> datetime | None:
    # PostgreSQL's clock is read in the time zone of its server.
    return None if time is None else time.astimezone(UTC)
