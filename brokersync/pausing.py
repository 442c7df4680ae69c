"""Pausing a connection, and starting a paused one again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from brokersync.cells import SHORT_ID
from brokersync.repairing import repair_command
from models.account import Account
from models.connection import Connection, Status
from models.event import record_event


class NotPossible(Exception):
    """The connection is not in a state for that. The message says what it is, and what helps."""


ENDED = {
    Status.REAUTH_REQUIRED: "needs a new login: `{repair}` makes the link for it",
    Status.DISCONNECTED: "is disconnected: `{repair}` makes the link with which it goes on",
}
NO_PAUSE = {Status.PAUSED: "is paused already: `brokersync resume {short}` starts it again", **ENDED}
NO_RESUME = {
    Status.LINKING: "is being linked, and is asked by itself",
    Status.ACTIVE: "is active, and is asked by itself",
    Status.CREDENTIALS_UNREADABLE: "cannot be read: put the key it was sealed with into ENCRYPTION_KEY",
    **ENDED,
}


def pause(session: Session, connection_id: uuid.UUID) -> Status:
    """Ask nothing more of a connection until `resume`; what it is now. Raises `NotPossible`.

    A run at work loses its claim: it commits nothing, and leaves the connection paused.
    """
    connection = _locked(session, connection_id, NO_PAUSE)
    connection.status = Status.PAUSED
    connection.next_sync_at = None
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    record_event(session, "paused", connection, "command line")
    return Status.PAUSED


def resume(session: Session, connection_id: uuid.UUID) -> Status:
    """Make a paused connection due now, its unfinished attempts forgotten; what it is now. Raises `NotPossible`.

    One that was paused before its accounts were listed is `linking` again: whose login it is was never found out. One
    whose key is still missing is found out by its next sync.
    """
    connection = _locked(session, connection_id, NO_RESUME)
    listed = session.scalars(select(Account.id).where(Account.connection_id == connection_id).limit(1)).first()
    status = Status.LINKING if listed is None else Status.ACTIVE
    connection.status = status
    connection.next_sync_at = session.scalars(select(func.now())).one()
    connection.unfinished_attempts = connection.consecutive_failures = 0
    connection.last_error_kind = connection.last_error_text = None
    record_event(session, "resumed", connection, "command line")
    return status


def _locked(session: Session, connection_id: uuid.UUID, instead: Mapping[Status, str]) -> Connection:
    connection = session.get_one(Connection, connection_id, with_for_update={"key_share": True})
    reason = instead.get(Status(connection.status))
    if reason is not None:
        words = reason.format(repair=repair_command(connection_id), short=str(connection_id)[:SHORT_ID])
        raise NotPossible(f"Connection {connection_id} {words}.")
    return connection
