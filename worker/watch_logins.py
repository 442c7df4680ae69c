"""Watching over logins: people are told before one ends, and one whose time is over is looked at at once."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, Row, Select, and_, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from models.circuit import Circuit, Opened
from models.connection import LOGIN_OVER, WATCHED, Connection, Credential, Status
from models.event import record_event
from models.session import Database
from settings import Settings
from worker.backoff import LONGEST_RETRY_AFTER
from worker.circuits import NOT_CONFIGURED
from worker.limits import CLOCK_SKEW, Deadline
from worker.runway import Outlook, Runway, longest_night, night_of, outlook

log = logging.getLogger(__name__)

LONGEST_RUN = timedelta(seconds=30)
"""After which a run leaves the rest to the next one, long before the watchdog would end it."""


def watch_logins(database: Database, settings: Settings) -> int:
    """Give the notices that are due, and see to the logins that are over; how many connections that concerned.

    Two workers may do so at once: each connection is decided on under its lock, and one that somebody holds is left to the
    next run.
    """
    deadline = Deadline(LONGEST_RUN)
    with database.session() as session:
        found = session.execute(_candidates(settings)).all()
    done = 0
    for row in found:
        if not deadline.left():
            break
        try:
            done += _look_at(database, row, settings)
        except Exception:
            # Whatever it is: raised, it would keep those behind it from their notices at each run.
            log.exception("internal fault", extra={"connection": row.id})
    return done


def _look_at(database: Database, row: Row[Any], settings: Settings) -> int:
    runway = Runway(row.login_at, row.login_expires_at, row.login_notice)
    if not row.is_over and _outlook(runway, row.time_zone, row.now, settings).due is None:
        return 0
    with database.session() as session:
        return _see_to(session, row.id, settings)


def _candidates(settings: Settings) -> Select[Any]:
    """Logins for which a notice is due, were the night as near as it can be, and those that are over.

    Which notice a login has had says how near to its end the next one comes: of all logins, few are read.
    """
    ends_at, told = Connection.login_expires_at, Connection.login_notice
    early = longest_night(settings)
    ending = [
        and_(ends_at > func.now(), ends_at <= func.now() + (span + early), or_(told.is_(None), told > span))
        for span in settings.login_notices
    ]
    return (
        select(Connection.id, Connection.login_at, ends_at, told, Connection.time_zone)
        .add_columns(_is_over().label("is_over"), func.now().label("now"))
        .where(Connection.status.in_(WATCHED), or_(*ending, _is_over()))
        .order_by(ends_at)
    )


def _is_over() -> ColumnElement[bool]:
    """The time of the login is over, nobody has seen to it yet, and the broker has said nothing since: it issued no tokens
    and took none. What is at work right now may bring its word.
    """
    ends_at, told = Connection.login_expires_at, Connection.login_notice
    return and_(
        ends_at <= func.now() - CLOCK_SKEW,
        or_(told.is_(None), told > LOGIN_OVER),
        or_(
            Connection.last_success_at.is_(None), Connection.last_success_at < ends_at + literal(CLOCK_SKEW, Interval())
        ),
        or_(Connection.claim_until.is_(None), Connection.claim_until <= func.now()),
        exists().where(Credential.connection_id == Connection.id, Credential.refreshed_at < ends_at),
    )


def _see_to(session: Session, connection_id: uuid.UUID, settings: Settings) -> int:
    """Decide again, now that nobody else can, and do it: 1, or 0 where nothing is to be done any more."""
    locked = session.execute(
        select(Connection, func.clock_timestamp(), _is_over())
        .where(Connection.id == connection_id, Connection.status.in_(WATCHED))
        .with_for_update(key_share=True, skip_locked=True)
    ).one_or_none()
    if locked is None:
        return 0
    connection, now, is_over = locked
    if is_over:
        _end(session, connection, now)
        return 1
    if connection.login_expires_at is None:
        # Linked anew since, by a login without an end.
        return 0
    runway = Runway(connection.login_at, connection.login_expires_at, connection.login_notice)
    seen = _outlook(runway, connection.time_zone, now, settings)
    if seen.due is None:
        return 0
    connection.login_notice = seen.due
    # Those that really are: a notice comes sooner because of a night, and later after an outage.
    hours_left = round((runway.ends_at - now) / timedelta(hours=1))
    record_event(session, "login_ending", connection, "worker", hours_left=hours_left, reason="its time is nearly over")
    next_at = None if seen.next_at is None else seen.next_at.isoformat()
    log.info("login will end", extra={"connection": connection_id, "hours": hours_left, "next_at": next_at})
    return 1


def _outlook(runway: Runway, time_zone: str, now: datetime, settings: Settings) -> Outlook:
    return outlook(runway, settings.login_notices, night_of(settings, time_zone), now)


def _end(session: Session, connection: Connection, now: datetime) -> None:
    """The broker knows best whether a login has ended, so it is asked, at whatever hour. Where nobody asks it, people are
    told what our clock says: also while the broker refuses the app, which may last for days.
    """
    connection.login_notice = LOGIN_OVER
    log.info("login is over by our clock", extra={"connection": connection.id, "status": connection.status})
    if connection.status != Status.ACTIVE or _is_refused(session, connection.broker):
        record_event(session, "login_ended", connection, "worker", reason="its time is over")
    if connection.status != Status.ACTIVE:
        return
    # A failing one keeps its back-off, but for what its hours made of it.
    latest = now + LONGEST_RETRY_AFTER if connection.consecutive_failures else now
    if connection.next_sync_at is None or connection.next_sync_at > latest:
        connection.next_sync_at = latest


def _is_refused(session: Session, broker: str) -> bool:
    """Whether the broker refuses the app, or one that this installation had a moment ago. A worker that has none holds back
    nobody but itself."""
    refused = select(Circuit.app).where(
        Circuit.broker == broker, Circuit.app != NOT_CONFIGURED, Circuit.error_kind == Opened.REFUSED
    )
    return bool(session.scalars(select(refused.exists())).one())
