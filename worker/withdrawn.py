"""All that a broker lets the app do may be gone while it still takes the app: somebody has to hear of that.

A product that was withdrawn looks like one login that lacks it, again and again. No circuit opens: each login asks for
itself every quarter of an hour, and goes on by itself.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from brokers.errors import AccessRefused
from models.connection import SCHEDULED, Connection
from models.event import Event, record_app_event

log = logging.getLogger(__name__)

ENOUGH = 3
"""Different connections."""

QUIET = timedelta(minutes=15)
"""For so long none of the broker's connections has succeeded."""

WELL_WITHIN = timedelta(days=1)
"""Only who succeeded, or logged in, so lately counts: not the few that never had the product, and are the only ones that are
asked at night."""

AGAIN_AFTER = timedelta(days=1)

REASON = "the broker takes the app but lets none of its connections read: a product may have been withdrawn from it"


def tell_if_all(session: Session, broker: str, advice: str, now: datetime) -> None:
    """Ask this after a connection ended with `AccessRefused`, and that is written. `advice` is what an operator does."""
    if _told(session, broker, now) or not _nobody_may_read(session, broker, now):
        return
    # One at a time: of two that look at once neither would see the other's event.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"withdrawn {broker}"))))
    if _told(session, broker, now):
        return
    log.error("app taken, but none of its connections may read", extra={"broker": broker})
    record_app_event(session, "app_refused", broker, "worker", reason=REASON, action=advice)


def _told(session: Session, broker: str, now: datetime) -> bool:
    told = exists().where(
        Event.connection_id.is_(None),
        Event.at > now - AGAIN_AFTER,
        Event.kind == "app_refused",
        Event.broker == broker,
        Event.details["reason"].astext == REASON,
    )
    return session.scalars(select(told)).one()


def _nobody_may_read(session: Session, broker: str, now: datetime) -> bool:
    refused = func.count().filter(
        Connection.status.in_(SCHEDULED),
        Connection.last_error_kind == AccessRefused.kind,
        func.coalesce(Connection.last_success_at, Connection.login_at) > now - WELL_WITHIN,
    )
    looked = select(refused, func.max(Connection.last_success_at)).where(Connection.broker == broker)
    count, last_success_at = session.execute(looked).one()
    return count >= ENOUGH and (last_success_at is None or last_success_at <= now - QUIET)
