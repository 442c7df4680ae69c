"""`brokersync resume`."""

from __future__ import annotations

import click

from brokersync import cells, database, ids, options, pausing, queries
from brokersync.documents import printed
from brokersync.screen import say


@click.command("resume")
@options.chosen_connection
@options.as_json
def command(connection: str, *, as_json: bool) -> None:
    """Start a paused connection again.

    CONNECTION is its id or the first characters of it. It is asked at once, at whatever hour. `brokersync pause` pauses a
    connection, and so does the worker when three attempts in a row did not come to an end; its log says why.

    \b
    Example:
      brokersync resume 0b6e2f41
    """
    with database.opened() as opened:
        connection_id = ids.connection_id(opened, connection)
        with opened.session() as session:
            status = pausing.resume(session, connection_id)
        (row,) = queries.connections(opened, connection_id=connection_id)
    if as_json:
        click.echo(printed({"connection_id": str(connection_id), "status": status.value}))
    else:
        say(f"{cells.named(row)} is {status.value} again and is due now.")
