"""The total time that one call of a broker may take, shared by all the requests it makes."""

from __future__ import annotations

import time


class Deadline:
    """Counts down from `seconds` on the monotonic clock, from the moment it is made."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left; 0 or less when the time is used up."""
        return self._until - time.monotonic()

    def at_most(self, seconds: float) -> Deadline:
        """A deadline within this one, for a request whose answer we can do without."""
        return Deadline(min(seconds, self.left()))
