"""`brokersync link`."""

from __future__ import annotations

import os
from importlib import import_module

import click

import settings
from brokers import registry
from brokersync import cells, completing, options
from brokersync.doctor import web
from brokersync.doctor.findings import Level
from brokersync.documents import printed
from brokersync.near import did_you_mean
from oauth_web.origins import may_return_to


@click.command("link")
@click.option(
    "--user",
    "user_id",
    required=True,
    metavar="USER",
    shell_complete=completing.users,
    help="Your application's name or number of the person.",
)
@click.option(
    "--broker",
    required=True,
    metavar="NAME",
    shell_complete=completing.broker_names,
    help="Where they have their accounts; see `brokersync brokers`.",
)
@click.option(
    "--connection",
    metavar="ID",
    shell_complete=completing.connection_ids,
    help="Repair this connection of theirs; ids and history stay.",
)
@click.option(
    "--return-url", metavar="URL", help="Where the browser goes afterwards; it must be allowed by RETURN_URLS."
)
@options.as_json
def command(user_id: str, broker: str, connection: str | None, return_url: str | None, *, as_json: bool) -> None:
    """Make a one-time link with which a person logs in.

    Open it in a browser, or send it to the person whose accounts these are. It works once, and for a quarter of an hour.
    Whoever has it can link accounts to USER.

    \b
    Example:
      brokersync link --user 42 --broker schwab
    """
    loaded = settings.load()
    _check_broker(broker)
    if return_url is not None and not may_return_to(return_url, loaded.return_urls):
        raise click.BadParameter("It is not below any of RETURN_URLS.", param_hint="--return-url")
    # Only here: a half-typed line shall not wait for a database library.
    made = import_module("brokersync.linking").new_link(loaded, user_id, broker, connection, return_url)
    url = f"{loaded.public_url}/oauth/start/{made.token}"
    if as_json:
        click.echo(printed({"url": url, "expires_at": made.expires_at}))
        return
    click.echo(url)
    lifetime = import_module("models.links").LINK_LIFETIME
    click.echo(f"\nOpen it in a browser within {cells.spelled(lifetime, 1)}; it works once.")
    for finding in web.examine(loaded.public_url):
        if finding.level is not Level.OK:
            click.echo(f"{finding.said}\nWhat helps: {finding.remedy}")


def _check_broker(name: str) -> None:
    """Raises `brokers.interface.NotConfigured` for one whose variables are missing."""
    try:
        registry.build(name, os.environ).close()
    except KeyError:
        near, known = did_you_mean(name, registry.BROKERS), ", ".join(registry.BROKERS)
        raise click.BadParameter(
            f"There is no broker {name!r}.{near} There are: {known}.", param_hint="--broker"
        ) from None
