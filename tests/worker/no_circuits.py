"""The dispatcher and the claims of a worker whose apps no broker refuses or leaves unanswered."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy.orm import Session

from models.session import Database
from worker import claims, dispatch
from worker.claims import Claim
from worker.not_taken import NotTaken
from worker.outages import Waiting


def dispatch_due_connections(database: Database, send: Callable[[uuid.UUID, uuid.UUID], None]) -> int:
    return dispatch.dispatch_due_connections(database, send, lambda _: Waiting())


def take(session: Session, connection_id: uuid.UUID, trigger: str, message_id: uuid.UUID | None) -> Claim | NotTaken:
    return claims.take(session, connection_id, trigger, message_id, lambda *_: False)
