"""`--debug`, which every command takes before and after its name."""

from __future__ import annotations

import traceback

import click

_KEY = f"{__name__}.is_on"


def option() -> click.Option:
    """It is told to all contexts of the call, and to no command's function."""
    return click.Option(["--debug"], is_flag=True, expose_value=False, callback=_remember, help=_HELP)


def add_to(command: click.Command) -> None:
    """Let a command and those below it take the option too; to have it already changes nothing."""
    if not any("--debug" in parameter.opts for parameter in command.params):
        command.params = [*command.params, option()]
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        add_to(below)


def show_traceback(ctx: click.Context, error: BaseException) -> None:
    """On standard error, if it was asked for. What an error was raised instead of, to hide it, stays hidden."""
    if ctx.meta.get(_KEY):
        traceback.print_exception(error)


_HELP = "Show the traceback of an error."


def _remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[_KEY] = True
