"""Ending a connection: its credentials are forgotten, its schedule stops, its data are kept or erased."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import delete, select

from models.account import Account
from models.connection import Connection, Credential, Status
from models.event import record_event
from worker.outcomes import CannotSync
from worker.parts import Parts


def disconnect(parts: Parts, connection_id: uuid.UUID, erase: bool) -> dict[str, Any]:
    """Forget the login of a connection. Doing it again does no harm.

    A run at work loses its claim and commits nothing. `erase` removes accounts, positions and runs too, here and on
    Redis; the audit trail stays. Raises `CannotSync` for a connection that does not exist, and `redis.RedisError` when
    Redis cannot be reached: then nothing was erased.
    """
    with parts.database.session() as session:
        connection = session.get(Connection, connection_id, with_for_update={"key_share": True})
        if connection is None:
            raise CannotSync(f"There is no connection {connection_id}.")
        accounts = list(session.scalars(select(Account.id).where(Account.connection_id == connection_id)))
        if erase:
            # Redis first: were it to fail after the rows are gone, nobody would know which keys to remove.
            parts.publisher.forget(accounts)
        session.execute(delete(Credential).where(Credential.connection_id == connection_id))
        already = connection.status == Status.DISCONNECTED
        connection.status = Status.DISCONNECTED
        connection.next_sync_at = None
        connection.claim_id = connection.claim_until = connection.claim_started_at = None
        if erase or not already:
            record_event(session, "disconnected", connection, "demand", erased=int(erase))
        if erase:
            session.flush()
            session.execute(delete(Connection).where(Connection.id == connection_id))
    return {"connection_id": str(connection_id), "status": Status.DISCONNECTED.value, "erased": erase}
