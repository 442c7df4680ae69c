"""What else a person should know while data come in, as lines beside theirs."""

from __future__ import annotations

from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from brokersync.live_lines import clock


def note_line(at: datetime, what: Text) -> RenderableType:
    """Something else than data that a person should know. Where it needs more lines, they stand under its words."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    grid.add_row(clock(at), what)
    return grid
