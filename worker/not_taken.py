"""A claim that is not given: who has to wait or to give up, what that leaves in the row, and what the asker is told."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.circuit import bring_forward
from models.connection import Connection, Status
from models.event import record_event
from worker.outcomes import Outcome


@dataclass(frozen=True)
class NotTaken:
    """Somebody else is at it (`busy`, on demand), the message came too late to matter (`superseded`), or the broker asked
    for a pause that is not over, or refuses the app (`deferred`).

    `why_not` is what to tell a person whose own request just paused the connection."""

    outcome: Outcome
    run_id: uuid.UUID | None
    why_not: str | None = None


def occupied(connection: Connection, scheduled: bool, now: datetime) -> NotTaken:
    if scheduled:
        return NotTaken(Outcome.SUPERSEDED, connection.claim_id)
    connection.next_sync_at = now
    return NotTaken(Outcome.BUSY, connection.claim_id)


def wait_for_app(session: Session, connection: Connection, scheduled: bool) -> NotTaken:
    """Its access token may be good for a while yet. But a broker that refuses the app may refuse that as well, and what
    comes next is a refresh."""
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    if not scheduled:
        bring_forward(session, connection.broker)
    return NotTaken(Outcome.DEFERRED, None)


def pause(session: Session, connection: Connection) -> NotTaken:
    connection.status = Status.PAUSED
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    connection.last_error_kind = "internal"
    connection.last_error_text = "three attempts in a row did not come to an end"
    record_event(session, "given_up", connection, "worker", reason=connection.last_error_text)
    return NotTaken(Outcome.SUPERSEDED, None, why_not(connection))


def why_not(connection: Connection) -> str:
    repair = f"`brokersync link --repair {connection.id}`"
    reasons = {
        Status.PAUSED: f"is paused: `brokersync resume {connection.id}` starts it again",
        Status.REAUTH_REQUIRED: f"needs a new login: {repair} makes the link for it",
        Status.DISCONNECTED: f"is disconnected: {repair} makes the link with which it goes on",
    }
    return f"Connection {connection.id} {reasons[Status(connection.status)]}."
