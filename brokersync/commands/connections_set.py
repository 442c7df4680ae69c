"""`brokersync connections set`."""

from __future__ import annotations

from datetime import timedelta

import click

from brokers import registry
from brokersync import cells, completing, connection_settings, database, ids, options, queries, setting_values
from brokersync.cadence import cadence
from brokersync.connection_settings import Value
from brokersync.documents import connection_document, printed
from brokersync.queries import Row
from brokersync.screen import say
from brokersync.setting_values import Hours


@click.command("set")
@options.chosen_connection
@click.option(
    "--interval",
    metavar="SPAN",
    callback=setting_values.interval,
    help="Ask so often: 10m, 1h, or seconds such as 600; from 1s to 7d.",
)
@click.option(
    "--hours",
    metavar="FROM-UNTIL",
    callback=setting_values.hours,
    help="Ask only from then until then, such as 09:30-16:00, over midnight if need be. `always`: at any hour.",
)
@click.option(
    "--time-zone",
    metavar="ZONE",
    callback=setting_values.time_zone,
    shell_complete=completing.time_zones,
    help="Whose clocks the hours go by, such as America/New_York; UTC unless set.",
)
@click.option(
    "--label",
    metavar="TEXT",
    callback=setting_values.label,
    help='What to call it where people see it; "" takes the label away.',
)
@options.as_json
def command(
    connection: str,
    interval: timedelta | None,
    hours: Hours | None,
    time_zone: str | None,
    label: str | None,
    *,
    as_json: bool,
) -> None:
    """Set when a connection is asked, and what it is called.

    CONNECTION is its id or the first characters of it. What is not named stays as it is. A new interval and new hours
    count at once. Hours bind the schedule: `brokersync sync` asks at any hour. Linking the login again keeps all of it.

    \b
    Example:
      brokersync connections set 0b6e2f41 --interval 10m --hours 09:30-16:00
    """
    settings: dict[str, Value] = {**(hours or {})}
    if interval is not None:
        settings["sync_interval"] = interval
    if time_zone is not None:
        settings["time_zone"] = time_zone
    if label is not None:
        settings["label"] = label or None
    if not settings:
        raise click.UsageError("Name what to set: --interval, --hours, --time-zone or --label.")
    with database.opened() as opened:
        connection_id = ids.connection_id(opened, connection)
        with opened.session() as session:
            connection_settings.change(session, connection_id, settings)
        (row,) = queries.connections(opened, connection_id=connection_id)
    if interval is not None:
        _warn_if_too_often(row["broker"], interval)
    if as_json:
        click.echo(printed({"connection": connection_document(row)}))
    else:
        say(_told(row))


def _warn_if_too_often(broker: str, interval: timedelta) -> None:
    try:
        declared = registry.declaration(broker)
    except KeyError:
        return
    if interval < declared.fastest_cadence:
        fastest = cells.spelled(declared.fastest_cadence, parts=2)
        click.echo(
            f"Warning: {declared.title} is asked more often than every {fastest}, the fastest that is sensible there.",
            err=True,
        )


def _told(row: Row) -> str:
    name = "" if row["label"] is None else f", {cells.plain(row['label'])},"
    return f"Connection {row['connection_id']}{name} is asked {cadence(row)}."
