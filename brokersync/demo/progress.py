"""What the demo is doing until there is something to look at: a list whose steps tick off with their seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_A_SECOND = 10


class Progress:
    """In a terminal the step at work shows its seconds, as often as `passing` is called; elsewhere only done steps show.

    No thread and no hidden cursor: however the demo ends, the terminal is as it was.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._doing = ""
        self._since = 0.0

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """The block is one step. One that fails leaves its line without a tick."""
        self._doing, self._since = doing, time.monotonic()
        self.passing()
        try:
            yield
        except BaseException:
            self._erase()
            self._console.print(Text.assemble(("✗ ", "red"), doing))
            raise
        self._erase()
        self._console.print(Text.assemble(("✓ ", "green"), doing, (f"  {self._seconds():.1f} s", "dim")))

    def passing(self) -> None:
        """Time passes: show it."""
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            frame = FRAMES[int(self._seconds() * FRAMES_A_SECOND) % len(FRAMES)]
            line = Text.assemble((f"{frame} ", "cyan"), self._doing, (f"  {self._seconds():.1f} s", "dim"))
            self._erase()
            # Short of the last column, where some terminals would wrap.
            line.truncate(self._console.width - 1)
            self._console.print(line, end="")

    def _erase(self) -> None:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._console.control(Control((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2)))

    def _seconds(self) -> float:
        return time.monotonic() - self._since
