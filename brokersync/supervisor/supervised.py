"""One process that is started again, later each time, whenever it ends by itself."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from brokersync import child
from brokersync.lease import PROJECT

FIRST_DELAY = 0.5
# Long enough not to fill the logs, short enough for a server that comes back to be used within half a minute.
LONGEST_DELAY = 15.0
# Who lived this long is well: the next restart is quick again.
WELL_AFTER = 30.0


def restart_delay(quick_deaths: int) -> float:
    """Seconds to wait after this many deaths in a row, each soon after its start (at least one)."""
    return min(FIRST_DELAY * 2.0 ** (min(quick_deaths, 10) - 1), LONGEST_DELAY)


class Supervised:
    """`restart_at` is on the monotonic clock; None while the process runs."""

    def __init__(self, command: str, log: Path, environ: Mapping[str, str]) -> None:
        self._command = command
        self._log = log
        self._environ = environ
        self._quick_deaths = 0
        self.restarts = 0
        self.restart_at: float | None = None
        self._start()

    @property
    def alive(self) -> bool:
        return self.restart_at is None

    def tend(self) -> None:
        """Notice that the process has ended, or start it again when it is time."""
        now = time.monotonic()
        if self.restart_at is None:
            if child.has_ended(self.process):
                child.reap(self.process)
                self._quick_deaths = 1 if now - self._started_at > WELL_AFTER else self._quick_deaths + 1
                self.restart_at = now + restart_delay(self._quick_deaths)
        elif now >= self.restart_at:
            self.restarts += 1
            self._start()

    def _start(self) -> None:
        self.restart_at = None
        self._started_at = time.monotonic()
        self.process: subprocess.Popen[bytes] = child.start(
            ["/bin/sh", "-c", self._command], log=self._log, environ=self._environ, folder=PROJECT
        )
