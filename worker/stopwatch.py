"""How long a run waited for its broker."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

Answer = TypeVar("Answer")


class Stopwatch:
    """Runs from its construction. `began_after` is when the last timed call began, `total` what all of them took.

    `is_unused`: no call was timed, so the broker was asked for no data.
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self.began_after = timedelta(0)
        self.total = timedelta(0)
        self.is_unused = True

    def time(self, call: Callable[[], Answer]) -> Answer:
        self.is_unused = False
        began = time.monotonic()
        self.began_after = timedelta(seconds=began - self._start)
        try:
            return call()
        finally:
            self.total += timedelta(seconds=time.monotonic() - began)
