"""Ending a connection: its credentials are forgotten, its schedule stops, its data are kept or erased."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import redis
from psycopg2.errors import LockNotAvailable
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from models.account import Account
from models.connection import Connection, Credential, Status
from models.event import record_event
from worker.outcomes import CannotSync
from worker.parts import Parts

log = logging.getLogger(__name__)


def disconnect(parts: Parts, connection_id: uuid.UUID, erase: bool) -> dict[str, Any]:
    """Forget the login of a connection. Doing it again does no harm.

    A run at work loses its claim and commits nothing. `erase` removes accounts, positions and runs too, here and on
    Redis; the audit trail stays. Raises `CannotSync` for a connection that does not exist or that is in use right now,
    and `redis.RedisError` when Redis cannot be reached: then nothing was erased.
    """
    forgotten: list[uuid.UUID] = []
    try:
        with parts.database.session() as session:
            accounts = _end(session, connection_id, erase)
            if erase:
                # Last, when every lock is held: a wait for one may end in nothing being erased. But before the commit:
                # were Redis to fail after it, nobody would know which keys to remove.
                forgotten = accounts
                parts.publisher.forget(accounts)
    except OperationalError as error:
        _restore(parts, forgotten)
        if isinstance(error.orig, LockNotAvailable):
            raise CannotSync(
                f"Nothing was changed: a refresh of the login of connection {connection_id}, or a sync, is under way."
                " Try again in some seconds."
            ) from None
        raise
    except (SQLAlchemyError, redis.RedisError):
        _restore(parts, forgotten)
        raise
    return {"connection_id": str(connection_id), "status": Status.DISCONNECTED.value, "erased": erase}


def _end(session: Session, connection_id: uuid.UUID, erase: bool) -> list[uuid.UUID]:
    """Everything that the database has to do; the connection's accounts."""
    connection = session.get(Connection, connection_id, with_for_update={"key_share": True})
    if connection is None:
        raise CannotSync(f"There is no connection {connection_id}.")
    accounts = list(session.scalars(select(Account.id).where(Account.connection_id == connection_id)))
    # A refresh holds this row until the broker answers.
    session.execute(delete(Credential).where(Credential.connection_id == connection_id))
    already = connection.status == Status.DISCONNECTED
    connection.status = Status.DISCONNECTED
    connection.next_sync_at = None
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    if erase or not already:
        record_event(session, "disconnected", connection, "demand", erased=int(erase))
    session.flush()
    if erase:
        session.execute(delete(Connection).where(Connection.id == connection_id))
    return accounts


def _restore(parts: Parts, forgotten: list[uuid.UUID]) -> None:
    """Redis may have forgotten accounts that the database still has: let it have them again.

    Asked of the database, since a commit whose answer was lost may have been done. What fails here heals by itself: an
    account that Redis refuses counts as not published until the mark on it has run out.
    """
    if not forgotten:
        return
    try:
        with parts.database.session() as session:
            kept = session.scalars(
                update(Account).where(Account.id.in_(forgotten)).values(published_version=0).returning(Account.id)
            ).all()
        parts.publisher.expect_again(kept)
    except (SQLAlchemyError, redis.RedisError):
        log.warning("live data not restored, left to publish_pending", extra={"accounts": len(forgotten)})
