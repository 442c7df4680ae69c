"""Events that did not reach whom they were for."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from brokersync.cells import spelled
from brokersync.doctor.findings import Finding, warning
from models.event import DeliveryState, Event, EventDelivery

CHECK = "Notices"
WAITS = timedelta(hours=1)
"""A target that is away for minutes is no news; after an hour somebody should know."""
IN_VAIN = 3
"""Tries: before that hour, so many without success are more than a hiccup."""
RECENT = timedelta(days=3)
"""What was given up before that has been seen, or is settled."""


def examine(session: Session) -> list[Finding]:
    age = func.clock_timestamp() - Event.at
    waiting = and_(EventDelivery.state == DeliveryState.PENDING, age > WAITS)
    failing = and_(EventDelivery.state == DeliveryState.PENDING, age <= WAITS, EventDelivery.attempts >= IN_VAIN)
    given_up = and_(EventDelivery.state == DeliveryState.GIVEN_UP, age < RECENT)
    return [
        *_findings(session, waiting, f"waited for more than {spelled(WAITS, 1)}"),
        *_findings(session, failing, f"been tried {IN_VAIN} times or more in vain"),
        *_findings(session, given_up, f"been given up in the last {spelled(RECENT, 1)}"),
    ]


def _findings(session: Session, which: ColumnElement[bool], what: str) -> list[Finding]:
    """One for each target, with the last reason for it, which is in our own words."""
    last = func.array_agg(aggregate_order_by(EventDelivery.last_error, Event.at.desc()))[1]
    query = (
        select(EventDelivery.target, func.count(), last)
        .join(Event, Event.id == EventDelivery.event_id)
        .where(which)
        .group_by(EventDelivery.target)
        .order_by(EventDelivery.target)
    )
    return [_finding(target, count, what, error) for target, count, error in session.execute(query)]


def _finding(target: str, count: int, what: str, error: str | None) -> Finding:
    events = "1 event has" if count == 1 else f"{count} events have"
    why = "nothing has tried to deliver it (is the worker running?)" if error is None else error
    return warning(CHECK, f"For {target} {events} {what}: {why}.", "brokersync notify --test")
