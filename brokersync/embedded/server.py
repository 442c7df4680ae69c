"""What both embedded servers share: waiting for the first answer, and saying why there was none."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from brokersync import child

START_DEADLINE = 30.0


class ServerFailed(Exception):
    """A server did not start. The message holds the end of its log."""


def until_it_answers(
    title: str,
    process: subprocess.Popen[bytes],
    log: Path,
    ask: Callable[[], None],
    not_yet: type[Exception],
) -> None:
    """Call `ask` until it stops raising `not_yet`. Raises `ServerFailed` when the process ends first or time is up."""
    deadline = time.monotonic() + START_DEADLINE
    while True:
        try:
            return ask()
        except not_yet:
            if child.has_ended(process) or time.monotonic() > deadline:
                child.reap(process)
                raise ServerFailed(f"{title} did not start: {last_lines(log)}") from None
        time.sleep(0.02)


def last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])
