"""What the demo is doing until there is something to look at: a list whose steps tick off with their seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from brokersync.demo.output import Output

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_A_SECOND = 10
ERASE = Control((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2))


class Progress:
    """In a terminal the step at work shows its seconds, as often as `passing` is called; elsewhere only done steps show.

    No thread and no hidden cursor: however the demo ends, the terminal is as it was.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        dumb = output.terminal is None or output.terminal.is_dumb_terminal
        self._terminal = None if dumb else output.terminal
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
            self._end(Text.assemble(("✗ ", "red"), doing))
            raise
        self._end(self._line("✓ ", "green"))

    def passing(self) -> None:
        """Time passes: show it."""
        if self._terminal:
            frame = FRAMES[int(self._seconds() * FRAMES_A_SECOND) % len(FRAMES)]
            line = self._line(f"{frame} ", "cyan")
            # Short of the last column, where some terminals would wrap.
            line.truncate(self._terminal.width - 1)
            self._terminal.control(ERASE)
            self._terminal.print(line, end="")

    def _end(self, line: Text) -> None:
        if self._terminal:
            self._terminal.control(ERASE)
        self._output.print(line)

    def _line(self, mark: str, style: str) -> Text:
        return Text.assemble((mark, style), self._doing, (f"  {self._seconds():.1f} s", "dim"))

    def _seconds(self) -> float:
        return time.monotonic() - self._since
