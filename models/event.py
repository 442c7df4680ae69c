"""The audit trail: what happened to connections, by whom."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, RowId
from models.connection import Connection


class Event(Base):
    """Append only: a trigger refuses update and delete. No foreign key, so that it outlives what it tells of."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_connection_id_at", "connection_id", "at"),)

    id: Mapped[RowId]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[str]
    connection_id: Mapped[uuid.UUID]
    user_id: Mapped[str]
    broker: Mapped[str]
    actor: Mapped[str]
    details: Mapped[dict[str, Any]]


def record_event(session: Session, kind: str, connection: Connection, actor: str, **details: str | int | None) -> None:
    """Write an event in the caller's transaction, so that it stands or falls with what it tells of."""
    session.add(
        Event(
            id=uuid.uuid4(),
            kind=kind,
            connection_id=connection.id,
            user_id=connection.user_id,
            broker=connection.broker,
            actor=actor,
            details=details,
        )
    )
