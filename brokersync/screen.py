"""Writing for people: as wide as their terminal is."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from textwrap import fill

import click
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.text import Text

WITHOUT_A_TERMINAL = 80
"""Columns where nothing says how wide it will be shown: a file, or a job of cron."""

_TO_COPY = re.compile(r"`[^`]*`")
_KEPT = "\0"
"""Stands for a blank at which no line is broken."""


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


def say(message: str) -> None:
    """Print sentences to standard output, broken between words where a terminal would break them anywhere."""
    click.echo(wrapped(message, width()) if sys.stdout.isatty() else message)


def show(renderable: RenderableType) -> None:
    """Print it to standard output, without the blanks that fill a table up."""
    console = Screen(width=width(), highlight=False, emoji=False)
    if sys.stdout.isatty():
        put(console, renderable)
        return
    for line in _lines(console, renderable):
        click.echo(line.plain)


def put(console: Console, renderable: RenderableType) -> None:
    """Print it there, likewise. A text that may not be wrapped is not cut: it is there to be copied."""
    for line in _lines(console, renderable):
        console.print(line, soft_wrap=True)


def _lines(console: Console, renderable: RenderableType) -> Iterator[Text]:
    for segments in Segment.split_lines(console.render(renderable)):
        line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
        line.rstrip()
        yield line


def wrapped(text: str, columns: int, first: int = 0) -> str:
    """The text in lines of so many columns, `first` fewer for the first one. Broken between words only; what stands in
    backticks is there to be copied, so it is never broken at all.
    """
    lines = text.split("\n")
    return "\n".join(_wrapped(line, columns, 0 if place else first) for place, line in enumerate(lines))


def _wrapped(line: str, columns: int, first: int) -> str:
    whole = _TO_COPY.sub(lambda found: found[0].replace(" ", _KEPT), line)
    # As if blanks stood where something else stands already; they are taken off again.
    indented = fill(whole, columns, initial_indent=" " * first, break_long_words=False, break_on_hyphens=False)
    return indented[first:].replace(_KEPT, " ")
