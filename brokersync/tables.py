"""Tables for people: connections, accounts, positions. They take rows of `brokersync.queries` and fit the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from brokersync import cells
from brokersync.cadence import cadence_lines
from brokersync.fitting import new_table
from brokersync.login_ends import login_end
from brokersync.queries import Row
from brokersync.repairing import repair_command
from models.connection import SCHEDULED, Status

_HELPS = {
    Status.REAUTH_REQUIRED: "log in again with",
    Status.DISCONNECTED: "since then it was disconnected; to go on, log in again with",
}


def connections_table(rows: Sequence[Row]) -> RenderableType:
    """Who is linked where, when the login ends, how old the data are; under it, what is wrong, and who is asked when."""
    labelled = any(row["label"] is not None for row in rows)
    names = ("User", "Broker", "Status", "Login ends", "Checked", "Next sync")
    table = new_table(
        "Connection",
        *(("Label", *names) if labelled else names),
        droppable=("Next sync", "Checked", "Broker", "User", "Label"),
    )
    for row in rows:
        table.add_row(
            cells.short_id(row["connection_id"]),
            *([cells.plain(row["label"])] if labelled else []),
            cells.plain(row["user_id"]),
            cells.plain(row["broker"]),
            cells.status(row["status"]),
            login_end(row),
            cells.ago(row["age"]),
            _next_sync(row),
        )
    faults = [line for row in rows if row["last_error_kind"] is not None for line in _fault(row)]
    notes = [*faults, *cadence_lines(rows)]
    return Group(table, "", *notes) if notes else table


def accounts_table(rows: Sequence[Row]) -> RenderableType:
    """The accounts and their totals; a user's name stands before them where there are several users."""
    several = len({row["user_id"] for row in rows}) > 1
    names = ("Account", "Number", "Name", "Type", ">Net liq", ">Cash", "Checked")
    table = new_table(
        *(("User", *names) if several else names), droppable=("Type", "Checked", "Number", "User", "Name")
    )
    named = _are_named(rows)
    for row in rows:
        table.add_row(
            *([cells.plain(row["user_id"])] if several else []),
            cells.short_id(row["account_id"]),
            cells.plain(row["masked"]),
            cells.plain(row["nickname"]),
            cells.plain(row["type"]),
            cells.amount(row["net_liq"], row["currency"], named=named),
            cells.amount(row["cash"], row["currency"], named=named),
            _checked(row),
        )
    return table


def positions_table(rows: Sequence[Row]) -> RenderableType:
    """What is held, in each position's currency; above each account's rows its number, where there are several."""
    several = len({row["account_id"] for row in rows}) > 1
    table = new_table(
        "Symbol",
        "Type",
        ">Quantity",
        ">Average",
        ">Mark",
        ">Value",
        ">Gain",
        droppable=("Average", "Mark", "Type", "Gain"),
    )
    named = _are_named(rows)
    for place, (_, of_one_account) in enumerate(groupby(rows, key=lambda row: row["account_id"])):
        for number, row in enumerate(of_one_account):
            if several and number == 0:
                if place:
                    table.add_row()
                table.add_row(Text.assemble(cells.plain(row["masked"]), " ", cells.short_id(row["account_id"])))
            table.add_row(
                cells.instrument(row),
                cells.plain(row["asset_type"]),
                cells.quantity(row["quantity"]),
                cells.price(row["avg_price"]),
                cells.price(row["mark_price"]),
                cells.amount(row["market_value"], row["currency"], named=named),
                cells.gain(row["unrealized_pnl"], row["currency"], named=named),
            )
    return table


def _are_named(rows: Sequence[Row]) -> bool:
    """Of several currencies each is named, behind the amount: so the digits stand below each other."""
    return len({row["currency"] for row in rows} - {None}) > 1


def _next_sync(row: Row) -> Text:
    span = row["next_sync_in"]
    if span is None or row["status"] not in SCHEDULED:
        return Text("none", style="dim")
    return Text("now" if span.total_seconds() <= 0 else f"in {cells.spelled(span, parts=1)}")


def _checked(row: Row) -> Text:
    return cells.ago(row["age"]) if row["missing_since"] is None else Text("not shared", style="yellow")


def _fault(row: Row) -> Iterator[Text]:
    """What is wrong, and for a login that is no more the command that renews it."""
    yield Text.assemble(
        cells.short_id(row["connection_id"]),
        (f" {row['last_error_kind'].replace('_', ' ')}", "bold red"),
        ": ",
        cells.plain(row["last_error_text"]),
    )
    what_helps = _HELPS.get(row["status"])
    if what_helps is not None:
        yield Text(f"  {what_helps}")
        # Whole, however long: it is there to be copied.
        yield Text(f"  {repair_command(row['connection_id'])}", no_wrap=True, overflow="ignore")
