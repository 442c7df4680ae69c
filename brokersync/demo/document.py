"""What `brokersync demo --once --json` prints. Amounts are strings, with all the digits the broker gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from brokersync.demo.listener import channels
from brokersync.demo.snapshot import Snapshot, milliseconds


def document(snapshot: Snapshot, messages: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """The document: connection, accounts, positions, messages (channel and version, in order) and runs."""
    connection = snapshot.connection
    own = {channel for account in snapshot.accounts for channel in channels(account["account_id"])}
    return {
        "connection": {
            "id": str(connection["connection_id"]),
            "broker": connection["broker"],
            "status": connection["status"],
            "login_expires_at": _time(connection["login_expires_at"]),
            "checked_at": _time(connection["checked_at"]),
        },
        "accounts": [
            {
                "id": str(account["account_id"]),
                "masked": account["masked"],
                "type": account["type"],
                "net_liq": _amount(account["net_liq"]),
                "cash": _amount(account["cash"]),
                "version": account["version"],
                "proof": account["proof"] and account["proof"]["status"],
            }
            for account in snapshot.accounts
        ],
        "positions": [
            {
                "account_id": str(position["account_id"]),
                "symbol": position["symbol"],
                "asset_type": position["asset_type"],
                "quantity": _amount(position["quantity"]),
                "market_value": _amount(position["market_value"]),
            }
            for position in snapshot.positions
        ],
        "messages": [{"channel": channel, "version": version} for channel, version in messages if channel in own],
        "runs": [{"trigger": run.trigger, "outcome": run.outcome, "ms": milliseconds(run)} for run in snapshot.runs],
    }


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")
