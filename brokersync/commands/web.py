"""`brokersync web`."""

from __future__ import annotations

import click

from oauth_web.serve import serve


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8182, show_default=True, help="Port to listen on.")
@click.option("--tls", is_flag=True, help="Serve https, with a certificate made on the spot.")
def command(host: str, port: int, *, tls: bool) -> None:
    """Serve the pages on which people link.

    They are reached at PUBLIC_URL. Schwab takes only https callbacks, hence --tls; the browser warns once, for nobody has
    signed that certificate.

    \b
    Example:
      brokersync web --tls
    """
    serve(host, port, tls)
