"""`brokersync link`."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

import click

import settings
from brokers import registry
from brokersync import cells, completing, options
from brokersync.doctor import web
from brokersync.doctor.findings import Level
from brokersync.documents import printed
from brokersync.near import did_you_mean
from brokersync.screen import say
from oauth_web.origins import may_return_to

if TYPE_CHECKING:
    from brokersync.linking import Repair
    from models.session import Database


@click.command("link")
@click.option(
    "--user",
    "user_id",
    metavar="USER",
    shell_complete=completing.users,
    help="Your application's name or number of the person.",
)
@click.option(
    "--broker",
    metavar="NAME",
    shell_complete=completing.broker_names,
    help="Where they have their accounts; see `brokersync brokers`.",
)
@click.option(
    "--repair",
    metavar="ID",
    shell_complete=completing.connection_ids,
    help="Renew the login of this connection, whose user and broker are known; the first characters of its id do.",
)
@click.option(
    "--return-url", metavar="URL", help="Where the browser goes afterwards; it must be allowed by RETURN_URLS."
)
@options.as_json
def command(
    user_id: str | None, broker: str | None, repair: str | None, return_url: str | None, *, as_json: bool
) -> None:
    """Make a one-time link with which a person logs in.

    Open it in a browser, or send it to the person whose accounts these are. It works once, and for a quarter of an hour.
    Whoever has it can link accounts to USER.

    With --repair the login goes to a connection that is there already: its ids, history and settings stay, whether its
    login has ended, is about to, or was disconnected.

    \b
    Examples:
      brokersync link --user 42 --broker schwab
      brokersync link --repair 0b6e2f41
    """
    loaded = settings.load()
    if return_url is not None and not may_return_to(return_url, loaded.return_urls):
        raise click.BadParameter("It is not below any of RETURN_URLS.", param_hint="--return-url")
    if repair is None and (user_id is None or broker is None):
        raise click.UsageError("Name whom to link, with --user and --broker, or what to renew, with --repair.")
    if broker is not None:
        _check_broker(broker)
    # Only here: a half-typed line shall not wait for a database library.
    database, linking = import_module("brokersync.database"), import_module("brokersync.linking")
    with database.opened(loaded) as opened:
        repaired = None if repair is None else _to_repair(opened, repair, user_id, broker)
        if repaired is not None:
            user_id, broker = repaired.user_id, repaired.broker
        made = linking.new_link(opened, user_id, broker, repaired, return_url)
    url = f"{loaded.public_url}/oauth/start/{made.token}"
    if as_json:
        of_a_repair = {} if repaired is None else {"connection_id": str(repaired.connection_id)}
        click.echo(printed({"url": url, "expires_at": made.expires_at, **of_a_repair}))
        return
    click.echo(url)
    lifetime = import_module("models.links").LINK_LIFETIME
    say(f"\nOpen it in a browser within {cells.spelled(lifetime, 1)}; it works once.")
    if repaired is not None:
        say(cells.plain(str(repaired)).plain)
    for finding in web.examine(loaded.public_url):
        if finding.level is not Level.OK:
            say(f"{finding.said}\nWhat helps: {finding.remedy}")


def _to_repair(opened: Database, typed: str, user_id: str | None, broker: str | None) -> Repair:
    linking = import_module("brokersync.linking")
    try:
        repaired: Repair = linking.to_repair(opened, typed, user_id, broker)
    except linking.OfAnother as disagreement:
        raise click.BadParameter(str(disagreement), param_hint=disagreement.option) from None
    _check_broker(repaired.broker)
    return repaired


def _check_broker(name: str) -> None:
    """Raises `brokers.interface.NotConfigured` for one whose variables are missing."""
    try:
        registry.build(name, os.environ).close()
    except KeyError:
        near, known = did_you_mean(name, registry.BROKERS), ", ".join(registry.BROKERS)
        raise click.BadParameter(
            f"There is no broker {name!r}.{near} There are: {known}.", param_hint="--broker"
        ) from None
