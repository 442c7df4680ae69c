"""`brokersync sandbox start`: the sandbox alone, with nothing set up beforehand."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Callable
from typing import Any, cast

import click

import settings
from sandbox.__main__ import main as served

HELP = """Start it alone, and keep it running until Ctrl-C.

It registers the app of SCHWAB_CLIENT_ID, SCHWAB_CLIENT_SECRET and SCHWAB_REDIRECT_URI. Where these are not set, it makes
one up, and says what to set for the web app and the worker.

\b
Example:
  brokersync sandbox start --port 8190
"""
MADE_UP = {"client_id": "sandbox-app", "client_secret": "sandbox-secret"}
VARIABLES = {
    "client_id": "SCHWAB_CLIENT_ID",
    "client_secret": "SCHWAB_CLIENT_SECRET",
    "redirect_uri": "SCHWAB_REDIRECT_URI",
}


class Start(click.Command):
    """The options of `python -m sandbox`; those that it insists on have a default here."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        made_up = {**MADE_UP, "redirect_uri": f"{settings.load().public_url}/oauth/callback"}
        return super().make_context(info_name, args, parent, default_map=made_up, **extra)


def _start(**chosen: Any) -> None:
    wanted = {variable: chosen[option] for option, variable in VARIABLES.items()}
    chosen["port"] = chosen["port"] or _free_port(chosen["host"])
    wanted["SCHWAB_BASE_URL"] = f"http://{chosen['host']}:{chosen['port']}"
    unset = {variable: value for variable, value in wanted.items() if os.environ.get(variable) != value}
    if unset:
        click.echo("Set this for the web app, the worker and this command line:")
        for variable, value in unset.items():
            click.echo(f"  export {variable}={shlex.quote(value)}")
    cast(Callable[..., None], served.callback)(**chosen)


def _free_port(host: str) -> int:
    """Found before the start, so that what to set can be said with it."""
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


start = Start("start", params=served.params, help=HELP, callback=_start)
