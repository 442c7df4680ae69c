"""Which processes are in a session; Linux says it in /proc, and elsewhere we know of none."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def running_in(sessions: Collection[int]) -> Iterator[str]:
    """`process 123 (name)` for each process of these sessions that has not ended."""
    for status in PROC.glob("[0-9]*/stat"):
        # A process that ends while we look is not there any more.
        with suppress(OSError):
            before, _, after = status.read_text(errors="replace").rpartition(")")
            state, _, _, session = after.split()[:4]
            if int(session) in sessions and state not in "ZX":
                yield f"process {status.parent.name} ({before.partition('(')[2]})"
