"""Starting a paused connection again."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.account import Account
from models.connection import Connection, Status
from models.event import record_event


class CannotResume(Exception):
    """The connection is not paused. The message says what it is, and what helps."""


INSTEAD = {
    Status.LINKING: "is being linked, and is asked by itself",
    Status.ACTIVE: "is active, and is asked by itself",
    Status.REAUTH_REQUIRED: "needs a new login: `brokersync link --connection` makes the link for it",
    Status.CREDENTIALS_UNREADABLE: "cannot be read: put the key it was sealed with into ENCRYPTION_KEY",
    Status.DISCONNECTED: "is disconnected: link the login again to go on",
}


def resume(session: Session, connection_id: uuid.UUID) -> None:
    """Make a paused connection due now, its unfinished attempts forgotten. Raises `CannotResume`.

    One that was paused before its accounts were listed is `linking` again: whose login it is was never found out.
    """
    connection = session.get_one(Connection, connection_id, with_for_update={"key_share": True})
    if connection.status != Status.PAUSED:
        raise CannotResume(f"Connection {connection_id} {INSTEAD[Status(connection.status)]}.")
    listed = session.scalars(select(Account.id).where(Account.connection_id == connection_id).limit(1)).first()
    connection.status = Status.LINKING if listed is None else Status.ACTIVE
    connection.next_sync_at = session.scalars(select(func.now())).one()
    connection.unfinished_attempts = connection.consecutive_failures = 0
    connection.last_error_kind = connection.last_error_text = None
    record_event(session, "resumed", connection, "command line")
