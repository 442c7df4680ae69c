"""The record of every attempt that set out for a broker."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId


class SyncRun(Base):
    """One attempt. `accounts` says per account what came of it: `{account_id, outcome, version, error}`.

    `outcome` is the worst of its accounts. `task_id` is the message that started it, as Flower shows it."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        Index("ix_sync_runs_connection_id_started_at", "connection_id", "started_at"),
        # Of the few that found nobody, for who counts them; a run that found somebody writes nothing into it.
        Index(
            "ix_sync_runs_silent", "finished_at", postgresql_where=text("error_kind IN ('unreachable', 'broker_down')")
        ),
    )

    id: Mapped[RowId]
    connection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"))
    trigger: Mapped[str]
    task_id: Mapped[str | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    outcome: Mapped[str]
    accounts: Mapped[list[dict[str, Any]]]
    error_kind: Mapped[str | None]
    error_text: Mapped[str | None]
    broker_ms: Mapped[int] = mapped_column(server_default=text("0"))
    rows_changed: Mapped[int] = mapped_column(server_default=text("0"))
