"""Writing for people: as wide as their terminal is."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click
from rich.console import Console, RenderableType

WITHOUT_A_TERMINAL = 80
"""Columns where nothing says how wide it will be shown: a file, or a job of cron."""


class Screen(Console):
    """Standard output. A reader that went away is an error here, and the end of the command in `brokersync.main`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def width() -> int:
    """COLUMNS, if that is set; else the width of the terminal that any of our streams is, as in `| less`; else 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        # A stream may be closed, or be no file at all.
        with suppress(OSError, ValueError):
            if found := os.get_terminal_size(stream.fileno()).columns:
                return found
    return WITHOUT_A_TERMINAL


def show(renderable: RenderableType) -> None:
    """Print it; to a file or a program as whole lines, without the blanks that fill a table up.

    A text that may not be wrapped is not cut: it is there to be copied.
    """
    console = Screen(width=width(), highlight=False, emoji=False)
    if sys.stdout.isatty():
        console.print(renderable, crop=False)
        return
    with console.capture() as captured:
        console.print(renderable, crop=False)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
