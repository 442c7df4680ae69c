"""`brokersync brokers`."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table

from brokers import registry
from brokers.interface import Declaration
from brokersync import options
from brokersync.cells import spelled
from brokersync.documents import printed
from brokersync.screen import show


@click.command("brokers")
@options.as_json
def command(*, as_json: bool) -> None:
    """The brokers there are, and what each still needs.

    Also how a person links, how long a login lives, and what the broker never tells.

    \b
    Example:
      brokersync brokers --json
    """
    declarations = registry.declarations()
    if as_json:
        click.echo(printed({"brokers": [_document(declaration) for declaration in declarations]}))
    else:
        show(Group(*[_block(declaration) for declaration in declarations]))


def missing(declaration: Declaration) -> list[str]:
    """The variables that must be set before this broker can be used."""
    return [each.name for each in declaration.variables if each.default is None and not os.environ.get(each.name)]


def _document(declaration: Declaration) -> dict[str, Any]:
    return {
        "name": declaration.name,
        "title": declaration.title,
        "configured": not missing(declaration),
        "missing": missing(declaration),
        "link_method": declaration.link_method.value,
        "login_lifetime_seconds": declaration.login_lifetime and _seconds(declaration.login_lifetime),
        "idle_login_lifetime_seconds": declaration.idle_login_lifetime and _seconds(declaration.idle_login_lifetime),
        "requests_per_minute": declaration.requests_per_minute,
        "fastest_cadence_seconds": _seconds(declaration.fastest_cadence),
        "never_given": list(declaration.never_given),
        "revocable": declaration.revocable,
    }


def _block(declaration: Declaration) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    needed = missing(declaration)
    grid.add_row("set up", f"[yellow]no: set {', '.join(needed)}[/]" if needed else "[green]yes[/]")
    for variable in declaration.variables:
        if variable.name in needed:
            grid.add_row("", f"{variable.name}: {variable.meaning}")
    grid.add_row("linked by", "logging in at the broker" if declaration.link_method == "oauth2" else "pasting its keys")
    grid.add_row("login lives", _lifetime(declaration))
    cadence = f"every {spelled(declaration.fastest_cadence, 2)} for each connection, at the fastest (see SYNC_INTERVAL)"
    grid.add_row("sensible to ask", cadence)
    grid.add_row("never tells", ", ".join(declaration.never_given))
    withdrawn = "withdraws the permission there too" if declaration.revocable else "leaves the permission to the person"
    grid.add_row("disconnect", withdrawn)
    return Group(f"[bold]{declaration.name}[/]  {declaration.title}", grid)


def _lifetime(declaration: Declaration) -> str:
    if declaration.login_lifetime is not None:
        return f"{spelled(declaration.login_lifetime, 2)} from the login, however often it is used"
    if declaration.idle_login_lifetime is not None:
        return f"until it is not used for {spelled(declaration.idle_login_lifetime, 2)}"
    return "without end"


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
