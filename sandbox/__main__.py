"""`python -m sandbox`: the offline broker, alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from sandbox.server import serve
from sandbox.world import Options

MOST_PEOPLE = 10_000


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, envvar="SANDBOX_HOST", help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8190,
    show_default=True,
    envvar="SANDBOX_PORT",
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--seed", default=1, show_default=True, envvar="SANDBOX_SEED", help="Where numbers and prices come from.")
@click.option(
    "--client-id",
    required=True,
    envvar=["SANDBOX_CLIENT_ID", "SCHWAB_CLIENT_ID"],
    show_envvar=True,
    help="Key of the app that is registered here.",
)
@click.option(
    "--client-secret",
    required=True,
    envvar=["SANDBOX_CLIENT_SECRET", "SCHWAB_CLIENT_SECRET"],
    show_envvar=True,
    help="Its secret.",
)
@click.option(
    "--redirect-uri",
    required=True,
    envvar=["SANDBOX_REDIRECT_URI", "SCHWAB_REDIRECT_URI"],
    show_envvar=True,
    help="Its redirect URI; several with commas between.",
)
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="UTC. The clock stands there until it is turned; without it the clock runs from the real time.",
)
@click.option(
    "--tick-every",
    type=click.FloatRange(min=0),
    default=5,
    show_default=True,
    envvar="SANDBOX_TICK_EVERY",
    help="Seconds of its clock between two moves of the market; 0: it moves only when told to.",
)
@click.option(
    "--rotate",
    is_flag=True,
    help="Replace the refresh token at each refresh; an old one that comes back ends its login.",
)
@click.option(
    "--more-people",
    type=click.IntRange(0, MOST_PEOPLE),
    default=0,
    show_default=True,
    help="So many more people: person-1, person-2 …, with one account each.",
)
def main(**chosen: Any) -> None:
    """An offline Schwab with made-up people, a clock that can be turned, and faults that can be asked for."""
    start(lambda address: click.echo(f"sandbox: {address}"), **chosen)


def start(
    announce: Callable[[str], None],
    *,
    host: str,
    port: int,
    seed: int,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    now: datetime | None,
    tick_every: float,
    rotate: bool,
    more_people: int,
) -> None:
    """Serve with what those options chose, until TERM or INT. `announce` gets the address once it answers."""
    options = Options(
        client_id=client_id,
        client_secret=client_secret,
        redirect_uris=tuple(each.strip() for each in redirect_uri.split(",") if each.strip()),
        seed=seed,
        now=now.replace(tzinfo=UTC) if now else None,
        tick_every=timedelta(seconds=tick_every) or None,
        rotate=rotate,
        more_people=more_people,
    )
    serve(options, host, port, announce)


if __name__ == "__main__":
    main(prog_name="python -m sandbox")
