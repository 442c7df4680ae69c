"""When people are told that a login will end: some spans before its end, once each, and not in the night."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from settings import Settings
from worker.schedule import Hours, zone_of

log = logging.getLogger(__name__)

BEFORE_NIGHT = timedelta(minutes=5)
"""How long before the night a notice is given that must not come in it: it is delivered, and tried again once or twice,
before phones fall silent."""

_CLOCKS_MOVE_AT_MOST = timedelta(hours=2)


@dataclass(frozen=True)
class Runway:
    """What is left of a login: when it began, when it will end, and how long before its end people were told last."""

    login_at: datetime
    ends_at: datetime
    told: timedelta | None


@dataclass(frozen=True)
class Outlook:
    """Which notice is due, and when the one after it will be; None where there is none."""

    due: timedelta | None
    next_at: datetime | None


def outlook(runway: Runway, spans: Sequence[timedelta], night: Hours | None, now: datetime) -> Outlook:
    """What is to be told at `now` (aware), and what later. A notice goes by how long before the login's end it was to come.

    Of several whose time has passed only the last is given: that one says it all. A span as long as the login itself is
    none: who has just logged in knows. What is late (no worker ran) is given at once, in the night too. After the end
    there are no notices.
    """
    if now >= runway.ends_at:
        return Outlook(None, None)
    lifetime = runway.ends_at - runway.login_at
    left = [span for span in spans if span < lifetime and (runway.told is None or span < runway.told)]
    times = {span: _by_day(runway.ends_at - span, night) for span in left}
    return Outlook(
        due=min((span for span, at in times.items() if at <= now), default=None),
        next_at=min((at for at in times.values() if at > now), default=None),
    )


def night_of(settings: Settings, time_zone: str) -> Hours | None:
    """The night by the clocks of a zone; None where there is none.

    A machine that does not know the zone keeps no night, and says so once: a notice in the night is better than none.
    """
    if settings.night_hours is None:
        return None
    zone = zone_of(time_zone)
    if zone is None:
        _warn_of(time_zone)
        return None
    return Hours(*settings.night_hours, zone)


def longest_night(settings: Settings) -> timedelta:
    """How long before its time a notice may be given so as not to fall into the night; also when clocks are moved in it."""
    if settings.night_hours is None:
        return timedelta(0)
    begins, ends = (datetime.combine(date.min, each) for each in settings.night_hours)
    return (ends - begins) % timedelta(days=1) + _CLOCKS_MOVE_AT_MOST + BEFORE_NIGHT


def _by_day(moment: datetime, night: Hours | None) -> datetime:
    """`moment`, or `BEFORE_NIGHT` before the night that it is in, or so near to that it would be heard in it."""
    if night is None:
        return moment
    asleep = next((each for each in (moment, moment + BEFORE_NIGHT) if night.include(each)), None)
    return moment if asleep is None else night.opened(asleep) - BEFORE_NIGHT


@cache
def _warn_of(time_zone: str) -> None:
    """Once for each zone, not at every look."""
    log.warning(
        "time zone unknown on this machine, notices come in the night too: install tzdata", extra={"zone": time_zone}
    )
