"""What the sandbox answers, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from brokersync import cells
from brokersync.documents import printed
from brokersync.fitting import new_table
from brokersync.screen import show

CURRENCY = "USD"

View = Callable[[dict[str, Any]], RenderableType]
"""From an answer of the sandbox to what is shown of it."""


def tell(answer: dict[str, Any], view: View, *, as_json: bool) -> None:
    """Print the answer: as it is for a program, as the view shows it for a person."""
    if as_json:
        click.echo(printed(answer))
    else:
        show(view(answer))


def state_view(state: dict[str, Any]) -> RenderableType:
    """The whole of `/_sandbox/state`: its clock, who is logged in, what each person has, which faults wait."""
    clock = state["clock"]
    turned = timedelta(seconds=clock["advanced_seconds"])
    return Group(
        f"It is {_moment(clock['now'])} there{f', turned forward by {cells.spelled(turned, 4)}' if turned else ''}; "
        f"the market has made {state['tick']} moves.",
        "",
        _people(state["users"]),
        "",
        _logins(state["logins"], datetime.fromisoformat(clock["now"])),
        "",
        faults_view(state["faults"]),
    )


def clock_view(answer: dict[str, Any]) -> RenderableType:
    """After the clock was turned; `connections` is None where no database is configured."""
    now, aged = f"It is {_moment(answer['now'])} there now", answer["connections"]
    if aged is None:
        return Text(f"{now}.")
    connections = f"{aged} connection{'' if aged == 1 else 's'}"
    moved = "Their times were moved back; the clock here runs on, and `accounts` and `explain` show dates by it."
    return Text(f"{now}, and {connections} aged with it. {moved}")


def faults_view(faults: Sequence[dict[str, Any]]) -> RenderableType:
    if not faults:
        return Text("No fault is waiting.")
    table = new_table("Fault", "Where", "Of", ">Requests left", droppable=("Of",))
    for fault in faults:
        table.add_row(fault["fault"], fault["where"], fault["user"] or "everybody", str(fault["left"]))
    return table


def account_view(account: dict[str, Any]) -> RenderableType:
    """An account after a trade: its cash, its value and what it holds."""
    table = new_table("Symbol", "Type", ">Quantity", ">Price", ">Value", droppable=("Price", "Type"))
    for row in account["positions"]:
        table.add_row(
            row["symbol"],
            row["asset_type"],
            cells.quantity(Decimal(row["quantity"])),
            cells.price(Decimal(row["price"])),
            cells.amount(Decimal(row["market_value"]), CURRENCY),
        )
    cash, value = (cells.amount(Decimal(account[name]), CURRENCY) for name in ("cash", "liquidation_value"))
    return Group(Text.assemble(account["number"], "  cash ", cash, "  value ", value), table)


def prices_view(market: dict[str, Any]) -> RenderableType:
    table = new_table("Symbol", ">Price")
    for symbol, price in sorted(market["prices"].items()):
        table.add_row(symbol, cells.price(Decimal(price)))
    return Group(f"The market has made {market['tick']} moves.", table)


def _people(users: Sequence[dict[str, Any]]) -> RenderableType:
    names = ("User", "Account", "Type", "Name", ">Cash", ">Value", ">Positions")
    table = new_table(*names, droppable=("Positions", "Type", "Name", "User"))
    for user in users:
        for account in user["accounts"]:
            table.add_row(
                user["user"],
                account["number"],
                account["type"],
                account["nickname"],
                cells.amount(Decimal(account["cash"]), CURRENCY),
                cells.amount(Decimal(account["liquidation_value"]), CURRENCY),
                str(len(account["positions"])),
            )
    return table


def _logins(logins: Sequence[dict[str, Any]], now: datetime) -> RenderableType:
    """Ages by the sandbox's own clock."""
    if not logins:
        return Text("Nobody has logged in yet.")
    names = ("Login", "Began", "Ends", ">Accounts", ">Token calls", ">Refreshes", "State")
    table = new_table(*names, droppable=("Refreshes", "Token calls", "Accounts", "Began"))
    for login in logins:
        table.add_row(
            login["user"],
            cells.ago(now - datetime.fromisoformat(login["began_at"])),
            cells.login_end(datetime.fromisoformat(login["ends_at"]) - now),
            str(len(login["accounts"])),
            str(login["token_calls"]),
            str(login["refreshes"]),
            Text("lives", style="green") if login["lives"] else Text(f"ended ({_ended_by(login)})", style="red"),
        )
    return table


def _ended_by(login: dict[str, Any]) -> str:
    return str(login["ended_by"] or "its time was over")


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"
