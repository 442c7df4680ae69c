"""The schedule is in the database: pick what is due, claim it, commit, and only then send the messages."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select, true, update
from sqlalchemy.orm import Session

from models.connection import SCHEDULED, Connection, Status
from models.session import Database
from worker import limits
from worker.outages import Waiting, let_through

BATCH = 500
"""Per tick. At a tick every two seconds this is far above what one worker can sync."""

Claimed = list[tuple[uuid.UUID, uuid.UUID]]
"""The ids of connections, each with its claim's."""


_WELL_FIRST = (
    # Last of all who cannot even ask before a key opens its credentials.
    Connection.status == Status.CREDENTIALS_UNREADABLE,
    Connection.status != Status.ACTIVE,
    Connection.consecutive_failures,
    Connection.next_sync_at,
)
"""Whose failure says most about the broker. By time alone a few that always fail would keep all others from asking."""


def dispatch_due_connections(
    database: Database,
    send: Callable[[uuid.UUID, uuid.UUID], None],
    waiting: Callable[[Session], Waiting],
) -> int:
    """Claim what is due and call `send(connection_id, claim_id)` for each; how many that were.

    Two dispatchers at once share the work. A message that is lost costs `QUEUE_WAIT`: then the claim is over and the
    connection is due again. `waiting` is asked once a tick which brokers are to be passed over.
    """
    with database.session() as session:
        waits = waiting(session)
        claimed = _claim(session, Connection.broker.not_in(waits.brokers) if waits.brokers else true(), BATCH)
        for circuit in waits.probes:
            probe = _claim(session, Connection.broker == circuit.broker, 1, _WELL_FIRST)
            if probe:
                let_through(session, circuit)
                claimed += probe
    for connection_id, claim_id in claimed:
        send(connection_id, claim_id)
    return len(claimed)


def _claim(
    session: Session,
    whose: ColumnElement[bool],
    limit: int,
    first: Sequence[SQLColumnExpression[Any]] = (Connection.next_sync_at,),
) -> Claimed:
    due = (
        select(Connection.id)
        .where(
            whose,
            Connection.status.in_(SCHEDULED),
            Connection.next_sync_at <= func.now(),
            or_(Connection.claim_until.is_(None), Connection.claim_until <= func.now()),
        )
        .order_by(*first)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        # Materialised: as a subquery of the UPDATE it could be run again for each row, and claim more than the batch.
        .cte("due")
    )
    claim = (
        update(Connection)
        .where(Connection.id == due.c.id)
        .values(
            claim_id=func.gen_random_uuid(),
            claim_until=func.now() + limits.QUEUE_WAIT,
            claim_started_at=None,
            updated_at=Connection.updated_at,
        )
        .returning(Connection.id, Connection.claim_id)
        .execution_options(synchronize_session=False)
    )
    return [(row.id, row.claim_id) for row in session.execute(claim)]
