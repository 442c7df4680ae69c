"""Writing for people: tables as wide as the terminal, and as wide as they need to be where there is none."""

from __future__ import annotations

import sys

from rich.console import Console, RenderableType

UNBOUNDED = 500


class Screen(Console):
    """Standard output. A reader that went away is an error here, and the end of the command in `brokersync.main`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def screen() -> Screen:
    """Made anew for each use: standard output may have been put elsewhere since."""
    console = Screen(highlight=False, emoji=False, soft_wrap=False)
    if not sys.stdout.isatty():
        # A file or a program wants whole lines, not lines of 80 characters.
        console.width = UNBOUNDED
    return console


def show(renderable: RenderableType) -> None:
    screen().print(renderable)
