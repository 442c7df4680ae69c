"""Notices that waited, and are no longer true when their turn comes: a later event has put right what they tell of.

Nobody is told to log in to a connection that was repaired or disconnected since. For people only, who act on what they
read; programs get all that happened. The events tell, not the connection: that may be erased, or have a login that is
older than an event which was written while it was listed.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from models.event import Event, EventDelivery

_LOGIN_SETTLED = ("repaired", "disconnected")

_BY: dict[str, tuple[str, ...]] = {
    # Its end is told by itself, with the same thing to do.
    "login_ending": ("login_ended", "reauth_required", *_LOGIN_SETTLED),
    "login_ended": _LOGIN_SETTLED,
    "reauth_required": _LOGIN_SETTLED,
    "credentials_unreadable": _LOGIN_SETTLED,
    "given_up": ("resumed", "disconnected"),
    "app_refused": ("app_accepted",),
}


def overtaken() -> ColumnElement[bool]:
    """Of an `EventDelivery`: its event was overtaken by a later one of the same connection, or of the same broker's app."""
    told, later = aliased(Event), aliased(Event)
    of_the_same_app = and_(told.connection_id.is_(None), later.connection_id.is_(None), later.broker == told.broker)
    return (
        select(later.id)
        .join(told, or_(later.connection_id == told.connection_id, of_the_same_app))
        .where(
            told.id == EventDelivery.event_id,
            later.at > told.at,
            or_(*(and_(told.kind == kind, later.kind.in_(by)) for kind, by in _BY.items())),
        )
        .exists()
    )
