"""`brokersync accounts`."""

from __future__ import annotations

import click

from brokersync import database, ids, options, queries
from brokersync.documents import account_document, printed
from brokersync.screen import show
from brokersync.tables import accounts_table


@click.command("accounts")
@options.user
@options.connection
@options.as_json
def command(user_id: str | None, connection: str | None, *, as_json: bool) -> None:
    """The accounts and their totals.

    Each in its own currency. "Checked" is when the broker last confirmed them.

    \b
    Example:
      brokersync accounts --user 42
    """
    with database.opened() as opened:
        connection_id = None if connection is None else ids.connection_id(opened, connection)
        rows = queries.accounts(opened, user_id, connection_id)
    if as_json:
        click.echo(printed({"accounts": [account_document(row) for row in rows]}))
    elif rows:
        show(accounts_table(rows))
    else:
        click.echo("No accounts: `brokersync connections` shows which logins are linked, and what is wrong with them.")
