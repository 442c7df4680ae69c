"""`brokersync explain`."""

from __future__ import annotations

import click

import settings
from brokersync import database, ids, options
from brokersync.documents import printed
from brokersync.screen import width, wrapped
from brokersync.standing.document import standing_document
from brokersync.standing.reading import read
from brokersync.standing.sentence import standing


@click.command("explain")
@options.chosen_connection
@options.as_json
def command(connection: str, *, as_json: bool) -> None:
    """How a connection stands, what comes next, who has to act.

    CONNECTION is its id or the first characters of it. The sentence says what is the case, what happens next and when, and
    who has to do what, with the command for it. Times are told by the database's clock.

    \b
    Examples:
      brokersync explain 0b6e2f41
      brokersync explain 0b6e2f41 --json
    """
    loaded = settings.load()
    with database.opened(loaded) as opened:
        connection_id = ids.connection_id(opened, connection)
        with opened.session() as session:
            facts = read(session, connection_id, loaded)
    if as_json:
        click.echo(printed(standing_document(facts)))
    else:
        click.echo(wrapped(standing(facts).sentence, width()))
