"""`brokersync web`."""

from __future__ import annotations

import click

from oauth_web.serve import serve


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8182, show_default=True, help="Port to listen on.")
@click.option("--tls", is_flag=True, help="Serve https in any case.")
def command(host: str, port: int, *, tls: bool) -> None:
    """Serve the pages on which people link.

    They are reached at PUBLIC_URL. Where that is https on this machine, at this port, or with --tls, they are served over
    https with a certificate made on the spot, for Schwab takes only https callbacks; the browser warns once, since nobody
    has signed it. `honcho start` runs them too.

    \b
    Example:
      brokersync web --tls
    """
    serve(host, port, tls)
