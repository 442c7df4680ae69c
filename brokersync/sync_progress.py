"""How far a sync of many connections is, on standard error, while somebody waits for it."""

from __future__ import annotations

import time
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PLAIN_EVERY = 5.0
"""Seconds between two lines where no terminal is: often enough to see that it goes on, rare enough for a log."""


class SyncProgress:
    """For the length of a `with` block: a bar in a terminal, which is gone at the end; elsewhere a line now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = self._failed = 0
        self._since = self._told_at = time.monotonic()
        console = Console(stderr=True)
        self._bar = _bar(console) if console.is_terminal and not console.is_dumb_terminal else None
        self._task = None if self._bar is None else self._bar.add_task("Syncing", total=total, failed=0)

    def __enter__(self) -> SyncProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def came(self, *, failed: bool) -> None:
        """One of them has ended."""
        self._done += 1
        self._failed += failed
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, failed=self._failed)

    def passing(self) -> None:
        """Time passes: show it."""
        if self._bar is not None:
            self._bar.refresh()
        elif (now := time.monotonic()) - self._told_at >= PLAIN_EVERY:
            self._told_at = now
            seconds = now - self._since
            click.echo(f"{self._done} of {self._total} answered, {self._failed} failed, {seconds:.0f} s", err=True)


def _bar(console: Console) -> Progress:
    # No thread: whoever waits says when time passes.
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed"),
        TimeElapsedColumn(),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
