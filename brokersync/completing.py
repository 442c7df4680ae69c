"""Values for a half-typed line. An option or argument names one of these as its `shell_complete`."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from brokersync import running_demo

PATIENCE = 1.0
"""Seconds that a person who pressed the tab key waits for a database."""

Items = list[CompletionItem[str]]


def broker_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    declarations = import_module("brokers.registry").declarations()
    return _items(((each.name, each.title) for each in declarations), incomplete)


def fault_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    return _items(((name, "") for name in import_module("sandbox.faults").KINDS), incomplete)


def fault_places(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """All there are: click does not tell the arguments that stand before an option, so not which fault it is."""
    sandbox = import_module("sandbox.faults")
    return _items(((place, "") for place in (*sandbox.ENDPOINTS, sandbox.ANYWHERE)), incomplete)


def time_zones(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    return _items(((name, "") for name in import_module("brokersync.setting_values").time_zones()), incomplete)


def connection_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    return _known("connections", incomplete, ctx)


def account_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    return _known("accounts", incomplete, ctx)


def users(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    return _known("users", incomplete, ctx)


def _items(named: Iterable[tuple[str, str]], incomplete: str) -> Items:
    return [CompletionItem(value, help=told or None) for value, told in named if value.startswith(incomplete)]


def _known(what: str, incomplete: str, ctx: click.Context) -> Items:
    """What the database knows and says in time. Neither an error nor a server that hangs is heard of."""
    running_demo.load(Path.cwd(), unless="DATABASE_URL")
    read = getattr(import_module("brokersync.known"), what)
    found: list[tuple[str, str]] = []

    def ask() -> None:
        with suppress(Exception):  # whatever it is, it shall not be written into the line
            found.extend(read(incomplete, ctx.params.get("user_id")))

    # In a thread that is left behind: neither a look-up of a host name nor a connection can be told to end in a second.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return _items(found, incomplete)
