"""Connections that waited for their broker go on, at a pace that the broker takes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from heapq import heapify, heappop, heappush

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from models.connection import SCHEDULED, Connection
from worker import schedule

CALLS = 2
"""What each needs at most of the broker's budget: a refresh and the accounts."""

_SET = text(
    "UPDATE connections SET next_sync_at = wanted.at"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS wanted(id, at)"
    " WHERE connections.id = wanted.id"
)


def release(session: Session, broker: str, kinds: Collection[str], requests_per_minute: int) -> int:
    """Make due what failed last by one of these error kinds, or came due while it waited; how many that were.

    One after the other, the longest due first, each within its hours: those that wait for an opening, or whose turn comes
    only after their hours, go on one after the other from the opening on. What somebody works on now is left as it is.
    """
    released = (
        select(Connection)
        .where(
            Connection.broker == broker,
            Connection.status.in_(SCHEDULED),
            Connection.next_sync_at.is_not(None),
            or_(Connection.last_error_kind.in_(kinds), Connection.next_sync_at <= func.clock_timestamp()),
            or_(Connection.claim_until.is_(None), Connection.claim_until <= func.clock_timestamp()),
        )
        .order_by(Connection.next_sync_at)
        .with_for_update(key_share=True, skip_locked=True)
    )
    connections = session.scalars(released).all()
    now = session.scalars(select(func.clock_timestamp())).one()
    apart = timedelta(minutes=1) * CALLS / requests_per_minute
    due, turn = {}, now
    # By their places, so that of those that may go on at the same moment the longest due is first.
    waiting = [(schedule.in_hours(each, now), place) for place, each in enumerate(connections)]
    heapify(waiting)
    while waiting:
        opening, place = heappop(waiting)
        each, turn = connections[place], max(opening, turn)
        opening = schedule.in_hours(each, turn)
        if opening == turn:
            due[str(each.id)] = turn
            turn += apart
        else:
            # Its hours end before its turn comes: it takes another one from their next opening on.
            heappush(waiting, (opening, place))
    if due:
        session.execute(_SET, {"ids": list(due), "times": list(due.values())})
    return len(due)
