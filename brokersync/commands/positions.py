"""`brokersync positions`."""

from __future__ import annotations

import click
from rich.console import Group

from brokersync import database, ids, options, queries, stopped, users
from brokersync.documents import position_document, printed
from brokersync.screen import say, show
from brokersync.tables import positions_table


@click.command("positions")
@options.user
@options.account
@options.as_json
def command(user_id: str | None, account: str | None, *, as_json: bool) -> None:
    """What the accounts hold.

    Short positions have a negative quantity. "Gain" is the broker's open profit or loss.

    \b
    Example:
      brokersync positions --account 6f1c03aa
    """
    with database.opened() as opened:
        account_id = None if account is None else ids.account_id(opened, account)
        rows = queries.positions(opened, user_id, account_id=account_id)
        logins = queries.connections(opened, user_id)
        stranger = None if rows else users.stranger(opened, user_id)
    if as_json:
        click.echo(printed({"positions": [position_document(row) for row in rows]}))
    elif rows:
        ended = stopped.ended_lines(logins, {row["connection_id"] for row in rows})
        show(Group(positions_table(rows), *ended))
    else:
        say(stranger or "No positions: `brokersync accounts` shows when the broker was last asked.")
