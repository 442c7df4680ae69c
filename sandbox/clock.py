"""The sandbox's own clock, which can be turned forward."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST_TURN = timedelta(days=3650)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Dates end with the year 9999, and logins and expiries are reckoned from now on."""


class Clock:
    """Aware UTC. Without a `start` it begins at the real time and runs; with one it stands there until it is turned."""

    def __init__(self, start: datetime | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._runs = start is None
        self._start = start or datetime.now(UTC)
        self._monotonic = monotonic
        self._began = monotonic()
        self._turned = timedelta(0)
        self._lock = threading.Lock()

    @property
    def start(self) -> datetime:
        return self._start

    @property
    def turned(self) -> timedelta:
        """How far it was turned forward, all turns together."""
        return self._turned

    def now(self) -> datetime:
        elapsed = timedelta(seconds=self._monotonic() - self._began) if self._runs else timedelta(0)
        return self._start + elapsed + self._turned

    def advance(self, by: timedelta) -> None:
        """Turn it forward. Raises ValueError where that leads past `LATEST`; then it stays as it was."""
        with self._lock:
            if by > LATEST - self.now():
                raise ValueError(f"the clock goes no further than the year {LATEST.year}")
            self._turned += by


def duration(text: object) -> timedelta:
    """Read `6d`, `31m` or `1d12h`. Raises ValueError with what is allowed."""
    parts = re.findall(r"([0-9]{1,9})([smhd])", text) if isinstance(text, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError('a time is a number and a unit (s, m, h or d), such as "90s", "31m", "6d" or "1d12h"')
    total = sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta(0))
    if total > LONGEST_TURN:
        raise ValueError("the clock can be turned by at most 3650d at once")
    return total
