"""The first screen: the connection, its accounts and positions, where everything is, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from brokers.registry import declaration
from brokersync import cells
from brokersync.demo.commands import load_line, next_commands
from brokersync.demo.output import Output
from brokersync.demo.snapshot import Snapshot
from brokersync.login_ends import login_end_at
from brokersync.queries import Row
from brokersync.tables import accounts_table, positions_table


def show_data(output: Output, snapshot: Snapshot, seconds_from_allow: float) -> None:
    """The connection, its accounts and their positions, for any width from 80 columns."""
    output.print(
        Group(
            "",
            _connection(snapshot.connection, seconds_from_allow),
            _heading("Accounts", _total(snapshot.accounts)),
            accounts_table(snapshot.accounts),
            _heading("Positions"),
            positions_table(snapshot.positions),
        )
    )


def show_the_way_on(output: Output, connection: Row, environ: Mapping[str, str], environment_file: Path) -> None:
    """Where everything is and what to type next. Of `environ` it shows addresses, and Flower's login."""
    output.print(
        Group(
            _heading("In a browser"),
            _addresses(environ),
            _heading("In another terminal", "in this folder"),
            *_commands(next_commands(connection["connection_id"]), output.width),
            _heading("In a shell", "for celery, psql or a program of yours"),
        )
    )
    output.print_whole(Text(load_line(environment_file), style="cyan"))


def _connection(row: Row, seconds_from_allow: float) -> RenderableType:
    title = declaration(row["broker"]).title
    return _pairs(
        [
            (
                "Connection",
                Text.assemble((f"{row['user_id']} at {title} (sandbox)", "bold"), ", ", cells.status(row["status"])),
            ),
            ("Login ends", login_end_at(row)),
            ("Data", Text.assemble("confirmed by the broker ", cells.ago(row["age"]))),
            ("First sync", Text.assemble((f"{seconds_from_allow:.1f} s", "bold"), " from Allow to rows and messages")),
        ]
    )


def _total(accounts: Sequence[Row]) -> str:
    """What the accounts are worth together, where one sum makes sense."""
    values, currencies = [row["net_liq"] for row in accounts], {row["currency"] for row in accounts}
    if None in values or len(currencies) != 1:
        return ""
    return f"{cells.amount(sum(values), currencies.pop())} together"


def _addresses(environ: Mapping[str, str]) -> RenderableType:
    name, _, word = environ["FLOWER_BASIC_AUTH"].partition(":")
    return _pairs(
        [
            ("Flower", Text(f"http://127.0.0.1:{environ['FLOWER_PORT']}  user {name}, password {word}")),
            ("Link page", Text(f"{environ['PUBLIC_URL']}  opens with a link, see below")),
            ("Sandbox", Text(f"{environ['SCHWAB_BASE_URL']}/_sandbox/state")),
        ]
    )


def _commands(commands: Sequence[tuple[str, str]], columns: int) -> Iterator[Text]:
    """Each with what comes of it, beside it or below it; a command is there to be copied, so it is never broken."""
    longest = max(len(command) for command, _ in commands)
    beside = longest + 2 + max(len(outcome) for _, outcome in commands) <= columns
    for command, outcome in commands:
        between = " " * (longest + 2 - len(command)) if beside else "\n  "
        yield Text.assemble((command, "cyan"), between, (outcome, "dim"), no_wrap=True, overflow="ignore")


def _heading(title: str, more: str = "") -> Text:
    return Text.assemble("\n", (title, "bold"), f"  {more}".rstrip())


def _pairs(rows: Sequence[tuple[str, Text]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid
