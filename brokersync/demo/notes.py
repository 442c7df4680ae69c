"""What else a person should know while data come in, as lines beside theirs."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from brokersync.live_lines import clock


def note_line(at: datetime, what: Text) -> RenderableType:
    """Something else than data that a person should know. Where it needs more lines, they stand under its words.

    What stands behind a line break is a command: below them, and whole, however long, as it is there to be copied.
    """
    words, *commands = what.split()
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    grid.add_row(clock(at), words)
    below = " " * (len(clock(at)) + 2)
    return Group(grid, *(Text.assemble(below, each, no_wrap=True, overflow="ignore") for each in commands))
