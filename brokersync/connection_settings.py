"""Changing when a connection is asked, and what it is called."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.connection import Connection, Status
from models.event import record_event
from worker.backoff import LONGEST_RETRY_AFTER
from worker.schedule import in_hours

Value = str | timedelta | time | None

CADENCE = frozenset({"sync_interval", "hours_from", "hours_until", "time_zone"})
"""The settings that say when a connection is asked."""


def change(session: Session, connection_id: uuid.UUID, settings: Mapping[str, Value]) -> None:
    """Set these columns of a connection, and when it is asked next by them.

    The audit trail has the old and the new; of a label only that it changed, since it may hold a name and nothing can be
    erased from the trail. What is set to what it was leaves no trace.
    """
    connection = session.get_one(Connection, connection_id, with_for_update={"key_share": True})
    changed = {name: value for name, value in settings.items() if getattr(connection, name) != value}
    if not changed:
        return
    details: dict[str, str | int | None] = {}
    for name, value in changed.items():
        if name == "label":
            details["label"] = "changed"
        else:
            details |= {f"old_{name}": _plain(getattr(connection, name)), f"new_{name}": _plain(value)}
        setattr(connection, name, value)
    record_event(session, "settings_changed", connection, "command line", **details)
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    if changed.keys() & CADENCE and connection.status == Status.ACTIVE and not _at_work(connection, now):
        _reschedule(connection, now)


def _reschedule(connection: Connection, now: datetime) -> None:
    connection.next_sync_at = in_hours(connection, max(_candidate(connection, now), now))
    if connection.next_sync_at > now:
        # A message that is on its way comes to nothing: it would ask outside the new hours.
        connection.claim_id = connection.claim_until = connection.claim_started_at = None


def _candidate(connection: Connection, now: datetime) -> datetime:
    """When the new interval alone would have it asked, or the wait after what went wrong, or what the broker asked for."""
    due_at = connection.next_sync_at or now
    if connection.last_error_kind == "rate_limited" or connection.fetch_state_sealed is not None:
        # A longer wait than the broker may ask for is one for the old hours.
        return min(due_at, now + LONGEST_RETRY_AFTER)
    if connection.consecutive_failures or connection.last_success_at is None:
        return min(due_at, now + connection.sync_interval)
    return connection.last_success_at + connection.sync_interval


def _at_work(connection: Connection, now: datetime) -> bool:
    """Whether a run holds the connection: it goes by the new settings when it ends."""
    return (
        connection.claim_started_at is not None and connection.claim_until is not None and connection.claim_until > now
    )


def _plain(value: Value) -> str | int | None:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value.isoformat("minutes") if isinstance(value, time) else value
