"""`brokersync pause`."""

from __future__ import annotations

import click

from brokersync import cells, database, ids, options, pausing, queries
from brokersync.documents import printed
from brokersync.screen import say


@click.command("pause")
@options.chosen_connection
@options.as_json
def command(connection: str, *, as_json: bool) -> None:
    """Ask nothing more of a connection for now.

    CONNECTION is its id or the first characters of it. Its login, settings and data stay as they are; a sync that is
    under way stores nothing more. Only `brokersync resume` starts it again: linking the login anew renews it and leaves it
    paused.

    \b
    Example:
      brokersync pause 0b6e2f41
    """
    with database.opened() as opened:
        connection_id = ids.connection_id(opened, connection)
        with opened.session() as session:
            status = pausing.pause(session, connection_id)
        (row,) = queries.connections(opened, connection_id=connection_id)
    if as_json:
        click.echo(printed({"connection_id": str(connection_id), "status": status.value}))
    else:
        say(
            f"{cells.named(row)} is paused: nothing is asked until `brokersync resume {cells.short_id(connection_id)}`."
        )
