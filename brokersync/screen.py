"""Writing for people: as wide as the terminal; where there is none, as wide as it needs to be."""

from __future__ import annotations

import sys

import click
from rich.console import Console, RenderableType

UNBOUNDED = 500


class Screen(Console):
    """Standard output. A reader that went away is an error here, and the end of the command in `brokersync.main`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def show(renderable: RenderableType) -> None:
    """Print it; to a file or a program as whole lines, without the blanks that fill a table up."""
    console = Screen(highlight=False, emoji=False)
    if sys.stdout.isatty():
        console.print(renderable)
        return
    console.width = UNBOUNDED
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
