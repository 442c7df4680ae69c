"""`worker.app` with limits that a test can wait for, and a resolver that hangs. For a process of its own.

celery -A tests.worker.hurried worker
"""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from importlib import import_module
from typing import Any

from tests.worker.short import HTTP_TOTAL, NEVER_FOUND, WATCHDOG_LIMIT
from worker import limits, watchdog

limits.HTTP_TOTAL = HTTP_TOTAL
limits.SYNC_DEADLINE = WATCHDOG_LIMIT
limits.WATCHDOG_GRACE = timedelta(0)
watchdog._LOOK_EVERY = 0.1

_look_up = socket.getaddrinfo


def _hang(host: Any, *arguments: Any, **options: Any) -> Any:
    if host == NEVER_FOUND:
        threading.Event().wait()
    return _look_up(host, *arguments, **options)


socket.getaddrinfo = _hang

# Only now: it takes the limits as they stand when it is imported.
app = import_module("worker.app").app
