"""When a connection may be asked by the schedule: within its hours, by the clocks on the wall of its time zone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import object_session

from models.connection import Connection, Credential, Status
from worker.limits import CLOCK_SKEW

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Hours:
    """A window of each day: from `opens` to before `closes`, which may be on the next day. The two differ.

    What the clocks show decides. An hour that they show twice, in autumn, counts twice; one that they leave out, in spring,
    is not there: a window that would open in it opens when the clocks have moved on.
    """

    opens: time
    closes: time
    zone: tzinfo

    def include(self, moment: datetime) -> bool:
        """Whether `moment` (aware) is inside the window."""
        shown = moment.astimezone(self.zone).time()
        if self.opens < self.closes:
            return self.opens <= shown < self.closes
        return shown >= self.opens or shown < self.closes

    def next(self, candidate: datetime) -> datetime:
        """`candidate` (aware) if it is inside, else the moment of the next opening; in UTC."""
        moment = candidate.astimezone(UTC)
        while not self.include(moment):
            opening = (
                moment + (_since_midnight(self.opens) - _since_midnight(moment.astimezone(self.zone).time())) % _DAY
            )
            # The opening is right if the clocks stay as they are. Where they are moved before it, look again from there.
            change = _clock_change(self.zone, moment, opening)
            moment = opening if change is None else change
        return moment

    def opened(self, moment: datetime) -> datetime:
        """When the window opened that `moment` (aware) is inside of, else `moment` itself; in UTC."""
        inside = since = moment.astimezone(UTC)
        while self.include(inside):
            opening = (
                inside - (_since_midnight(inside.astimezone(self.zone).time()) - _since_midnight(self.opens)) % _DAY
            )
            # As in `next`, the other way: what the clocks showed right before decides whether it was open already.
            change = _clock_change(self.zone, opening, inside)
            since = opening if change is None else change
            inside = since - _INSTANT
        return since


def in_hours(connection: Connection, candidate: datetime) -> datetime:
    """When the connection is asked next if nothing but its hours stands against `candidate` (aware); in UTC.

    Hours bind `active` connections alone: one that is being linked is listed at any hour, and one whose key is missing is
    probed at any hour. Nor one whose login's time is over by then, until the broker has issued tokens since: whether it has
    ended is to be known at once. (That is looked up in the connection's session.)
    What somebody asks for never comes here. What was due within its hours when no worker ran is asked once as soon as one
    does, at whatever hour.
    """
    hours = hours_of(connection) if connection.status == Status.ACTIVE else None
    return candidate if hours is None or _is_over(connection, candidate) else hours.next(candidate)


def _is_over(connection: Connection, moment: datetime) -> bool:
    """As `worker.refreshing.decide` has it: then the next sync asks the broker whether the login has ended."""
    ends_at, session = connection.login_expires_at, object_session(connection)
    if ends_at is None or ends_at > moment - CLOCK_SKEW or session is None:
        return False
    credential = session.get(Credential, connection.id)
    return credential is not None and credential.refreshed_at < ends_at


def hours_of(connection: Connection) -> Hours | None:
    """The hours of a connection; None where it may be asked at any hour.

    A machine that does not know the zone asks at any hour, and says so: no connection falls silent because its worker runs
    where the time zones were left out.
    """
    if connection.hours_from is None or connection.hours_until is None:
        return None
    zone = zone_of(connection.time_zone)
    if zone is None:
        log.warning(
            "time zone unknown on this machine, hours not kept: install tzdata", extra={"connection": connection.id}
        )
        return None
    return Hours(connection.hours_from, connection.hours_until, zone)


def zone_of(name: str) -> tzinfo | None:
    """The time zone of an IANA name; None where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _since_midnight(shown: time) -> timedelta:
    return timedelta(hours=shown.hour, minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)


def _clock_change(zone: tzinfo, start: datetime, end: datetime) -> datetime | None:
    """The first moment after `start` and up to `end` at which the clocks run on another offset; None without one.

    No zone moves its clocks twice within a day, so two halves of it can be told apart by their ends. Clocks are moved on a
    whole second.
    """
    offset = start.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == offset:
        return None
    before, after = start.replace(microsecond=0), end.replace(microsecond=0)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
