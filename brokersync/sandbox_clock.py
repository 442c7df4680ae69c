"""When the sandbox's clock is turned, the same time has passed for the connections that are linked to it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Interval, literal, update
from sqlalchemy.orm import Session

from brokers.schwab import Schwab
from models.connection import Connection, Credential


def let_pass(session: Session, span: timedelta) -> int:
    """Move login, expiry and due times back by `span`; how many connections that were.

    The connections of Schwab are those of the sandbox: one installation speaks to one of the two. Code in production has
    no clock that could be turned, so its times are moved instead.
    """
    earlier = literal(span, Interval())
    moved = session.scalars(
        update(Connection)
        .where(Connection.broker == Schwab.declaration.name)
        .values(
            login_at=Connection.login_at - earlier,
            login_expires_at=Connection.login_expires_at - earlier,
            next_sync_at=Connection.next_sync_at - earlier,
        )
        .returning(Connection.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        update(Credential)
        .where(Credential.connection_id.in_(moved))
        .values(access_expires_at=Credential.access_expires_at - earlier)
        .execution_options(synchronize_session=False)
    )
    return len(moved)
