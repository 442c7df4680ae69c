"""Where the demo writes: a terminal, whose line at work may be rewritten; a file or a pipe, line by line; or nowhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click
from rich.console import Console, RenderableType
from rich.text import Text

from brokersync.screen import Screen, put, show, width


@dataclass(frozen=True)
class Output:
    """`terminal` None: there is none. `silent`: then nothing is written at all."""

    terminal: Console | None
    silent: bool = False

    @property
    def width(self) -> int:
        """How long a line may be."""
        return self.terminal.width if self.terminal else width()

    def print(self, renderable: RenderableType) -> None:
        if self.terminal:
            put(self.terminal, renderable)
        elif not self.silent:
            show(renderable)

    def print_whole(self, line: Text) -> None:
        """A line that is there to be copied: the terminal may wrap it, we do not."""
        if self.terminal:
            self.terminal.print(line, soft_wrap=True)
        elif not self.silent:
            click.echo(line.plain)


def standard() -> Output:
    """Standard output, for people."""
    return Output(Screen(highlight=False, emoji=False) if sys.stdout.isatty() else None)


def aside() -> Output:
    """Standard error if a person sits there, so that standard output is for a document alone."""
    terminal = Console(stderr=True, highlight=False, emoji=False) if sys.stderr.isatty() else None
    return Output(terminal, silent=True)
