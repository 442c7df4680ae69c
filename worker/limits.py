"""Every limit of the worker, in the order in which they must run out. A test asserts that order.

HTTP total < statement < sync deadline < claim < visibility
"""

from __future__ import annotations

import time
from datetime import timedelta

HTTP_TOTAL = timedelta(seconds=20)
"""One call to a broker, all of it. Schwab's own clients allow 10 s for the API and 30 s for tokens."""

SYNC_DEADLINE = timedelta(seconds=85)
"""A whole sync: at worst a refresh that is asked for twice, two fetches (one token refused) and a few statements. Each
fetch is mostly one request, and never more than `HTTP_TOTAL` whatever their number."""

CLAIM = timedelta(seconds=120)
"""How long a run may hold its connection. Longer than the deadline by the time the watchdog needs to end a stuck one."""

WATCHDOG_GRACE = timedelta(seconds=30)
"""How far past its deadline a task may be before its process is ended. Deadline and grace end before the claim does."""

PUBLISH_DEADLINE = timedelta(seconds=30)
"""How long one run sends what subscribers have not had; the next one goes on there. Its last batch ends before the
watchdog would."""

QUEUE_WAIT = timedelta(seconds=60)
"""How long a dispatched message may wait for a slot. Then the message expires and the connection is due again: this is
also what a lost message costs."""

VISIBILITY = timedelta(seconds=600)
"""After this Redis hands an unacknowledged message out again; prefetch wait and run time must fit in it."""

REFRESH_MARGIN = timedelta(minutes=2)
"""An access token with less life than this is refreshed first: more than a whole sync can take, by clocks that differ."""

CLOCK_SKEW = timedelta(seconds=30)
"""How far the broker's clock may be from PostgreSQL's, which stamps logins and refreshes. Hosts that keep time by NTP
differ by far less."""

REFRESH_NEEDS = timedelta(seconds=5)
"""A refresh is asked for only while a run has this long left: sent and not waited for, its tokens would be lost. Token
endpoints answer within a second."""

REFRESHES_AT_ONCE = 8
"""In one process, at one broker. Each holds a database session while the broker thinks, and a quarter of the slots is
enough: at 200 ms an answer, 40 logins a second."""

REFRESH_TURN = timedelta(milliseconds=200)
"""How long a refresh waits for its turn, in a slot that others need. After that the login is due again in some time."""

ATTEMPT_LIVES = timedelta(seconds=118)
"""For so long after a refresh was marked nobody begins another of that login, whether its row is locked or not: the lock
ends with its session, which a fail-over may end, and the broker goes on. Longer than two answers, a commit that
hangs and all tries to save take; a crash costs the login no more than that, and mostly its claim lives longer."""

LOGIN_BUSY_WAIT = timedelta(seconds=5)
LOGIN_BUSY_SPREAD = timedelta(seconds=25)
"""A login that another process refreshes, or that finds no turn, is due again after the wait and a random part of the
spread: many that find no turn together do not come back together, and take few slots while a token endpoint hangs."""

DELIVER_DEADLINE = timedelta(seconds=20)
"""How long one run of `deliver_events` begins something new for Redis, and for the webhook; the next one goes on there."""

WEBHOOK_TOTAL = timedelta(seconds=10)
"""One call of the webhook, all of it. A receiver that has more to do than to note an event does it afterwards."""

PEOPLE_BEGIN = timedelta(seconds=10)
"""How long one run begins another notice to an address. Some services let seconds pass between two messages."""

PEOPLE_TOTAL = timedelta(seconds=25)
"""When the process that sends to an address is ended: a mail server that thinks for ten seconds is none that hangs."""

DELIVERY_LEASE = timedelta(seconds=60)
"""How long a delivery that was taken is nobody else's: longer than what was taken with it can last. It is also what a
worker that dies costs."""

UNFINISHED_ATTEMPTS = 3
"""A connection whose runs vanish this often (a process killed each time) is paused, not tried for ever."""


class Deadline:
    """A point on the monotonic clock that every call and statement of a run is held to."""

    def __init__(self, span: timedelta) -> None:
        self._end = time.monotonic() + span.total_seconds()

    def left(self) -> timedelta:
        return timedelta(seconds=max(0.0, self._end - time.monotonic()))

    def for_http(self) -> float:
        """Seconds that one call to the broker may take."""
        return min(self.left(), HTTP_TOTAL).total_seconds()
