"""Ends a process whose task is stuck. Celery's own time limits do nothing in a threads pool.

Every call and statement of a task has a limit of its own, so a task that is still there long after its deadline hangs in
something that no limit reaches. Its thread cannot be ended, so the process is; its supervisor starts a new one, the claims
run out, and what was due is dispatched again.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

log = logging.getLogger(__name__)

EXIT_STATUS = 70  # EX_SOFTWARE
_LOOK_EVERY = 1.0
_LAST_WORDS = 2.0


def _end_process() -> None:
    # Not sys.exit: that waits for the very thread that hangs.
    os._exit(EXIT_STATUS)


class Watchdog:
    """Knows which tasks run and until when each may. `end` is called once when one of them is over its limit."""

    def __init__(self, limit: timedelta, end: Callable[[], None] = _end_process) -> None:
        self._limit = limit.total_seconds()
        self._end = end
        self._running: dict[int, tuple[str, float]] = {}
        self._numbers = itertools.count()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, task: str) -> Iterator[None]:
        """Around a task's work. `task` is its name, for the log."""
        self._ensure_thread()
        number = next(self._numbers)
        self._running[number] = (task, time.monotonic() + self._limit)
        try:
            yield
        finally:
            del self._running[number]

    def _ensure_thread(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY)
            now = time.monotonic()
            stuck = [task for task, end in list(self._running.values()) if end < now]
            if stuck:
                # Apart, since what hangs may be the log: a full pipe holds its lock.
                last_words = threading.Thread(target=_say, args=(stuck[0],), name="last words", daemon=True)
                last_words.start()
                last_words.join(_LAST_WORDS)
                self._end()
                return


def _say(task: str) -> None:
    log.critical("task over its limit, ending the process", extra={"task": task})
