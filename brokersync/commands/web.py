"""`brokersync web`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

import brokers.interface
import settings
from brokers import registry
from brokersync.explanations import NotConfigured
from models.sealing import keyring
from oauth_web.serve import serve


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8182, show_default=True, help="Port to listen on.")
@click.option("--tls", is_flag=True, help="Serve https in any case.")
def command(host: str, port: int, *, tls: bool) -> None:
    """Serve the pages on which people link.

    They are reached at PUBLIC_URL. Where that is https on this machine, at this port, or with --tls, they are served over
    https with a certificate made on the spot, for Schwab takes only https callbacks; the browser warns once, since nobody
    has signed it. `honcho start` runs them too. What has to be set first is said, with exit code 3.

    \b
    Example:
      brokersync web --tls
    """
    loaded = settings.load()
    if missing := [*_missing(loaded)]:
        raise NotConfigured("\n".join(missing))
    if loaded.link_service_key is None:
        click.echo(
            "LINK_SERVICE_KEY is not set, so only `brokersync link` makes links; POST /links does not.", err=True
        )
    serve(host, port, tls)


def _missing(loaded: settings.Settings) -> Iterator[str]:
    """What has to be set before anybody could link here."""
    for require in (loaded.require_database_url, keyring):
        try:
            require()
        except settings.NotConfigured as fault:
            yield str(fault)
    yield from _of_brokers()


def _of_brokers() -> Iterator[str]:
    """One that is configured is enough."""
    faults = []
    for name in registry.BROKERS:
        try:
            registry.build(name, os.environ).close()
        except brokers.interface.NotConfigured as fault:
            faults.append(str(fault))
        else:
            return
    yield from faults
