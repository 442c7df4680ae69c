"""`brokersync connections`: the list, and what can be set."""

from __future__ import annotations

import click

from brokersync import database, options, queries, users
from brokersync.commands import connections_set
from brokersync.documents import connection_document, printed
from brokersync.screen import say, show
from brokersync.tables import connections_table

NOBODY = "No login is linked here yet: `brokersync link` makes the link with which a person does it."


@click.group("connections", invoke_without_command=True, subcommand_metavar="[set …]")
@options.user
@options.as_json
@click.pass_context
def command(ctx: click.Context, user_id: str | None, *, as_json: bool) -> None:
    """Who is linked where, and when each login ends.

    Also how often each connection is asked, how old its data are, when it is asked next, and what is wrong with it.

    \b
    Examples:
      brokersync connections --user 42
      brokersync connections set 0b6e2f41 --interval 10m
    """
    if ctx.invoked_subcommand is not None:
        if user_id is not None or as_json:
            raise click.UsageError(f"Put the options of `{ctx.invoked_subcommand}` behind it.")
        return
    with database.opened() as opened:
        rows = queries.connections(opened, user_id)
        stranger = None if rows else users.stranger(opened, user_id)
    if as_json:
        click.echo(printed({"connections": [connection_document(row) for row in rows]}))
    elif rows:
        show(connections_table(rows))
    else:
        say(stranger or NOBODY)


command.add_command(connections_set.command)
