"""A table that never cuts an amount: what does not fit into the terminal is left out by whole columns, and said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

GAP = 2
"""Blanks between two columns."""
LEAST = 12
"""Wrapped words get at least this many letters a line, where they have that many."""
WORDS = {
    **dict.fromkeys(("Label", "User", "Broker", "Status", "Name", "State", "What it means", "Why"), LEAST),
    "Symbol": 13,  # an account's number and short id stand there too, in one line
}
"""Headings of columns that give way where a terminal is narrow: their words are wrapped, amounts never are."""


@dataclass
class Column:
    """`number`: its cells stand on the right. `wraps`: its words may stand in lines of so many letters or more."""

    name: str
    number: bool
    wraps: int | None
    cells: list[Text] = field(default_factory=list)

    @property
    def least(self) -> int:
        """The width below which it cannot be read."""
        widest = max(cell_len(cell.plain) for cell in (Text(self.name), *self.cells))
        return widest if self.wraps is None else min(widest, self.wraps)


class FittingTable:
    """Columns go in the order of `droppable` while the terminal is too narrow for all; then each row becomes a list."""

    def __init__(self, columns: Sequence[Column], droppable: Sequence[str]) -> None:
        self._columns = columns
        self._droppable = droppable

    def add_row(self, *cells: Text | str) -> None:
        """The cells from the left; those that are not given are empty."""
        filled = [*cells, *[""] * (len(self._columns) - len(cells))]
        for column, cell in zip(self._columns, filled, strict=True):
            column.cells.append(Text(cell) if isinstance(cell, str) else cell)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown, dropped = list(self._columns), []
        for name in self._droppable:
            if _needed(shown) <= options.max_width:
                break
            dropped += [column.name for column in shown if column.name == name]
            shown = [column for column in shown if column.name != name]
        if _needed(shown) > options.max_width:
            yield from _lists(self._columns)
            return
        yield _table(shown)
        if dropped:
            yield Text(f"Too narrow for: {', '.join(dropped)}.", style="dim")


def new_table(*names: str, droppable: Sequence[str] = ()) -> FittingTable:
    """An empty table with these headings; one that begins with `>` is for amounts, which stand on the right.

    `droppable`: the columns that go where a terminal is too narrow for all, the first first.
    """
    columns = [Column(name.removeprefix(">"), name.startswith(">"), WORDS.get(name)) for name in names]
    return FittingTable(columns, droppable)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.least for column in columns) + GAP * (len(columns) - 1)


def _table(columns: Sequence[Column]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            column.name,
            justify="right" if column.number else "left",
            no_wrap=column.wraps is None,
            overflow="fold",
            min_width=column.least,
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table


def _lists(columns: Sequence[Column]) -> RenderResult:
    """Each row as lines `heading  value`, an empty line after it."""
    for row in zip(*(column.cells for column in columns), strict=True):
        grid = Table.grid(padding=(0, GAP, 0, 0))
        grid.add_column(style="bold", no_wrap=True)
        # Folded, so that whatever the width is, every digit is there.
        grid.add_column(overflow="fold")
        for column, cell in zip(columns, row, strict=True):
            if cell.plain:
                left = cell.copy()
                left.justify = "left"
                grid.add_row(column.name, left)
        yield grid
        yield Text()
