"""`brokersync connections`."""

from __future__ import annotations

import click

from brokersync import database, options, queries
from brokersync.documents import connection_document, printed
from brokersync.screen import show
from brokersync.tables import connections_table


@click.command("connections")
@options.user
@options.as_json
def command(user_id: str | None, *, as_json: bool) -> None:
    """Who is linked where, and when each login ends.

    Also how old the data of each connection are, when it is asked next, and what is wrong with it.

    \b
    Example:
      brokersync connections --user 42
    """
    with database.opened() as opened:
        rows = queries.connections(opened, user_id)
    if as_json:
        click.echo(printed({"connections": [connection_document(row) for row in rows]}))
    elif rows:
        show(connections_table(rows))
    else:
        click.echo("No login is linked here yet: `brokersync link` makes the link with which a person does it.")
