"""`brokersync sandbox start`: the sandbox alone, with nothing set up beforehand."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from copy import copy
from typing import Any

import click

import settings
from brokersync import options
from brokersync.doctor.callback import PATH as CALLBACK
from brokersync.documents import printed
from brokersync.places import holds_login
from sandbox import __main__ as sandbox

HELP = """Start it alone, and keep it running until Ctrl-C.

It registers the app of SCHWAB_CLIENT_ID, SCHWAB_CLIENT_SECRET and SCHWAB_REDIRECT_URI. Where these are not set, it makes
one up, and says what to set for the web app and the worker. With --json it prints its address and what to set as one
document, once it answers.

\b
Examples:
  brokersync sandbox start --port 8190
  brokersync sandbox start --port 0 --json
"""
MADE_UP = {"client_id": "sandbox-app", "client_secret": "sandbox-secret", "redirect_uri": f"PUBLIC_URL{CALLBACK}"}
"""As the help shows them; what PUBLIC_URL is, is found out only when the command runs."""
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
        if extra.get("resilient_parsing"):
            # A half-typed line: nothing is started, and no setting has to be right.
            return super().make_context(info_name, args, parent, **extra)
        settings.require_clean(os.environ, VARIABLES.values())
        made_up = {**MADE_UP, "redirect_uri": f"{settings.load().public_url}{CALLBACK}"}
        return super().make_context(info_name, args, parent, default_map=made_up, **extra)


def _options() -> list[click.Parameter]:
    params = [copy(param) for param in sandbox.main.params]
    for param in params:
        if isinstance(param, click.Option) and param.name in MADE_UP:
            param.required = False
            param.show_default = MADE_UP[param.name]
    return params


@click.command("start", cls=Start, params=_options(), help=HELP)
@options.as_json
def start(*, as_json: bool, **chosen: Any) -> None:
    wanted = {variable: chosen[option] for option, variable in VARIABLES.items()}

    def announce(address: str) -> None:
        _tell(address, {**wanted, **_public_url(chosen["redirect_uri"]), "SCHWAB_BASE_URL": address}, as_json=as_json)

    sandbox.start(announce, **chosen)


def _public_url(redirect_uri: str) -> dict[str, str]:
    """Where the web app has to be reached for this callback: a shell that loaded `.env` may say another address."""
    first = redirect_uri.partition(",")[0].strip()
    return {"PUBLIC_URL": first.removesuffix(CALLBACK)} if first.endswith(CALLBACK) and not holds_login(first) else {}


def _tell(address: str, wanted: Mapping[str, str], *, as_json: bool) -> None:
    """What to set is what the environment does not say already."""
    unset = {variable: value for variable, value in wanted.items() if os.environ.get(variable) != value}
    if as_json:
        click.echo(printed({"address": address, "set": unset}))
        return
    if unset:
        click.echo("Set this for the web app, the worker and this command line:")
        for variable, value in unset.items():
            click.echo(f"  export {variable}={shlex.quote(value)}")
    click.echo(f"sandbox: {address}")
