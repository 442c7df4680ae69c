"""A login that was refused: it is forgotten, and the user who has it here is told that it may have been replaced."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from models.connection import SCHEDULED, Connection, Status
from models.event import Event, record_event
from models.same_login import holder_of
from models.sharing import ListedRow, fingerprinted

_REPLACED = "replaced by a newer login"


def refuse(
    session: Session, connection_id: uuid.UUID, login_id: str | None, listed: Sequence[ListedRow], actor: str
) -> None:
    """Forget a login that `activate` refused, if nobody has yet.

    The connection of another user that had it before is told, and asked at once. Its own next refresh tells whether the
    broker ended the older login; only that moves its state.
    """
    fresh = session.get(Connection, connection_id)
    if fresh is None:
        return
    login_fp, numbers = fingerprinted(session, fresh, login_id, listed)
    holder = holder_of(session, fresh, login_fp, numbers)
    # A login of which nobody knows whose it is replaces none that is known.
    may_be_it = holder is not None and (login_fp is not None or holder.login_fp is None)
    if holder is not None and may_be_it and holder.login_at <= fresh.login_at:
        _tell_replaced(session, holder, actor)
    session.execute(delete(Connection).where(Connection.id == fresh.id))


def _tell_replaced(session: Session, holder: Connection, actor: str) -> None:
    """Once for each login, however often somebody tries. Nothing is said of who has the newer one. A login that has ended
    already is no news."""
    if holder.status == Status.REAUTH_REQUIRED or _is_told_replaced(session, holder):
        return
    record_event(session, "login_ended", holder, actor, reason=_REPLACED)
    if holder.status in SCHEDULED:
        holder.next_sync_at = session.scalars(select(func.now())).one()


def _is_told_replaced(session: Session, holder: Connection) -> bool:
    """By the order of events: no clock of a sandbox moves those."""
    last = session.scalars(
        select(Event)
        .where(
            Event.connection_id == holder.id,
            or_(Event.kind.in_(["linked", "repaired"]), Event.details["reason"].astext == _REPLACED),
        )
        .order_by(Event.at.desc())
        .limit(1)
    ).one_or_none()
    return last is not None and last.kind == "login_ended"
