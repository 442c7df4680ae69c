"""Removing what nobody looks up any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from models.event import DeliveryState, Event, EventDelivery
from models.link import Link
from models.run import SyncRun
from models.session import Database

KEEP_RUNS = timedelta(days=30)
"""At the default cadence this is 8,640 runs a connection: enough to look back over four logins."""
KEEP_LINKS = timedelta(days=1)
"""A link is dead after minutes; a day lets somebody find out why."""


KEEP_DELIVERIES = timedelta(days=30)
"""As long as the runs: who was told of what, and who took nothing. The events themselves are kept for good."""


def prune(database: Database) -> int:
    """Delete old runs, dead links and deliveries that came to an end; how many rows that were."""
    with database.session() as session:
        runs = session.execute(delete(SyncRun).where(SyncRun.started_at < func.now() - KEEP_RUNS).returning(SyncRun.id))
        links = session.execute(delete(Link).where(Link.expires_at < func.now() - KEEP_LINKS).returning(Link.id))
        old = select(Event.id).where(Event.at < func.now() - KEEP_DELIVERIES)
        ended = delete(EventDelivery).where(
            EventDelivery.state != DeliveryState.PENDING, EventDelivery.event_id.in_(old)
        )
        deliveries = session.execute(ended.returning(EventDelivery.event_id))
        return len(runs.all()) + len(links.all()) + len(deliveries.all())
