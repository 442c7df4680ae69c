"""`brokersync accounts`."""

from __future__ import annotations

import click
from rich.console import Group

from brokersync import database, ids, options, queries, stopped, users
from brokersync.documents import account_document, printed
from brokersync.login_ends import login_lines
from brokersync.screen import say, show
from brokersync.tables import accounts_table

NONE = "No accounts: `brokersync connections` shows which logins are linked, and what is wrong with them."


@click.command("accounts")
@options.user
@options.connection
@options.as_json
def command(user_id: str | None, connection: str | None, *, as_json: bool) -> None:
    """The accounts and their totals.

    Each in its own currency. "Checked" is when the broker last confirmed them. Below stands what is left of each login.

    \b
    Example:
      brokersync accounts --user 42
    """
    with database.opened() as opened:
        connection_id = None if connection is None else ids.connection_id(opened, connection)
        rows = queries.accounts(opened, user_id, connection_id)
        logins = queries.connections(opened, user_id, connection_id)
        stranger = None if rows else users.stranger(opened, user_id)
    if as_json:
        click.echo(printed({"accounts": [account_document(row) for row in rows]}))
    elif rows:
        shown = {row["connection_id"] for row in rows}
        show(Group(accounts_table(rows), *login_lines(logins, shown), *stopped.ended_lines(logins, shown)))
    else:
        say(stranger or NONE)
