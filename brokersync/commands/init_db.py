"""`brokersync init-db`."""

from __future__ import annotations

import click

import settings
from brokersync import database, options
from brokersync.documents import printed
from brokersync.explanations import Failed
from models import migrate


@click.command("init-db")
@options.as_json
def command(*, as_json: bool) -> None:
    """Create or upgrade the tables.

    In the database that DATABASE_URL names. Running it again does no harm.

    \b
    Example:
      brokersync init-db
    """
    loaded = settings.load()
    with database.opened(loaded) as opened, opened.engine.connect() as connection:
        before = migrate.schema(connection)
    if not before.is_known:
        raise Failed(
            f"The tables are of revision {before.present}, which this version does not know: a newer one made them. "
            "Install that one, or name another database in DATABASE_URL."
        )
    if not before.is_current:
        migrate.upgrade(loaded.require_database_url())
    if as_json:
        click.echo(printed({"from": before.present, "to": before.wanted}))
    elif before.is_current:
        click.echo(f"The tables are those of this version already (revision {before.wanted}).")
    elif before.present is None:
        click.echo(f"The tables are made (revision {before.wanted}).")
    else:
        click.echo(f"The tables are upgraded from revision {before.present} to {before.wanted}.")
