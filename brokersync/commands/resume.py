"""`brokersync resume`."""

from __future__ import annotations

import click

from brokersync import database, ids, options, resuming
from brokersync.documents import printed


@click.command("resume")
@click.argument("connection")
@options.as_json
def command(connection: str, *, as_json: bool) -> None:
    """Start a paused connection again.

    CONNECTION is its id or the first characters of it. The worker pauses a connection when three attempts in a row did
    not come to an end; its log says why.

    \b
    Example:
      brokersync resume 0b6e2f41
    """
    with database.opened() as opened:
        connection_id = ids.connection_id(opened, connection)
        with opened.session() as session:
            resuming.resume(session, connection_id)
    if as_json:
        click.echo(printed({"connection_id": str(connection_id), "status": "active"}))
    else:
        click.echo(f"Connection {connection_id} is active again and is asked now.")
