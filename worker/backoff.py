"""When to try again after a failure: one policy for all error kinds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

FIRST = timedelta(seconds=30)
LONGEST = timedelta(minutes=15)
OPERATOR_PROBE = timedelta(minutes=15)
"""App key and encryption key faults: nothing but an operator ends them, so asking often helps nobody."""
LEAST = timedelta(seconds=2)
LONGEST_RETRY_AFTER = timedelta(hours=1)


def wait_after(kind: str, failures: int, retry_after: timedelta | None, random: Callable[[], float]) -> timedelta:
    """How long to wait after the `failures`-th failure in a row.

    A broker that says when is believed (up to an hour). Otherwise 30 s doubling to 15 min with full jitter, so that a
    thousand connections that fail together do not come back together. `random` gives [0, 1).
    """
    if retry_after is not None:
        return min(max(retry_after, LEAST), LONGEST_RETRY_AFTER)
    if kind in {"app_misconfigured", "credentials_unreadable"}:
        return OPERATOR_PROBE
    ceiling: timedelta = min(FIRST * 2 ** min(max(failures, 1) - 1, 10), LONGEST)
    return max(LEAST, ceiling * random())
