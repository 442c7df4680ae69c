"""How many logins of one broker a process refreshes at once: a token endpoint that hangs holds up no other broker, and
leaves most slots to the syncs that need no refresh.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from worker import limits
from worker.logins import LoginBusy

_of: dict[str, threading.Semaphore] = {}
"""By the broker's name."""


@contextmanager
def turn(broker: str) -> Iterator[None]:
    """Hold one of the broker's turns. Raises `LoginBusy` where none is free within a moment."""
    turns = _of.setdefault(broker, threading.Semaphore(limits.REFRESHES_AT_ONCE))
    if not turns.acquire(timeout=limits.REFRESH_TURN.total_seconds()):
        raise LoginBusy
    try:
        yield
    finally:
        turns.release()
