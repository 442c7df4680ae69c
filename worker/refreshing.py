"""Whether a login is refreshed before it is used, and why. Only the decision: the deed is in `worker.tokens`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from worker.limits import CLOCK_SKEW, REFRESH_MARGIN


class Why(StrEnum):
    """`login_over`: by our clock the login itself has ended. `refused`: the broker did not take the access token. `idle`:
    nobody has used the login, and an idle one dies. `app_probed`: to learn whether the broker takes the app."""

    FRESH = "fresh"
    NO_END = "no_end"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"
    LOGIN_OVER = "login_over"
    REFUSED = "refused"
    IDLE = "idle"
    APP_PROBED = "app_probed"


class Decision(NamedTuple):
    refresh: bool
    why: Why


def decide(
    *, access_expires_at: datetime | None, login_expires_at: datetime | None, issued_at: datetime, now: datetime
) -> Decision:
    """What to do about tokens that were issued at `issued_at`, before a sync uses them. None: it has no end.

    Our clock ends no login: past its end the broker is asked, and the answer is the truth. Tokens that were issued after
    that end are its answer, so it is not asked again for that reason.
    """
    if login_expires_at is not None and issued_at < login_expires_at <= now - CLOCK_SKEW:
        return Decision(True, Why.LOGIN_OVER)
    if access_expires_at is None:
        return Decision(False, Why.NO_END)
    if access_expires_at <= now:
        return Decision(True, Why.ENDED)
    if access_expires_at - REFRESH_MARGIN <= now:
        return Decision(True, Why.ENDS_SOON)
    return Decision(False, Why.FRESH)
