"""What happened to connections, by whom: the audit trail, and the outbox of who is still to be told."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models.base import Base, RowId
from models.connection import Connection


class Target(StrEnum):
    """Who is told. `subscribers`: of `live_data:connections:{user_id}`. `people`: by what NOTIFY_URLS names."""

    SUBSCRIBERS = "subscribers"
    PEOPLE = "people"
    WEBHOOK = "webhook"


_PROGRAMS = (Target.SUBSCRIBERS, Target.WEBHOOK)
_EVERYBODY = tuple(Target)
_OPERATORS = (Target.PEOPLE, Target.WEBHOOK)

TOLD: dict[str, tuple[Target, ...]] = {
    "linked": _PROGRAMS,
    "repaired": _PROGRAMS,
    "login_dropped": (),
    "login_ending": _EVERYBODY,
    "login_ended": _EVERYBODY,
    "reauth_required": _EVERYBODY,
    "credentials_unreadable": _EVERYBODY,
    "paused": _PROGRAMS,
    # By the worker, of its own accord: nobody else knows yet.
    "given_up": _EVERYBODY,
    "resumed": _PROGRAMS,
    "settings_changed": (),
    "disconnected": _PROGRAMS,
    "app_refused": _OPERATORS,
    "app_accepted": _OPERATORS,
}
"""Every kind of event, and who is told of it. The kinds of an app have no user, so no subscribers."""


class DeliveryState(StrEnum):
    """`unwanted`: nobody has set up that target, or it was put right before people heard of it. `given_up`: it took nothing
    for a day.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    UNWANTED = "unwanted"
    GIVEN_UP = "given_up"


class Event(Base):
    """Append only: a trigger refuses update and delete. No foreign key, so that it outlives what it tells of.

    An event of an app, which stops or frees all its connections, has neither connection nor user.
    """

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_connection_id_at", "connection_id", "at"),)

    id: Mapped[RowId]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[str]
    connection_id: Mapped[uuid.UUID | None]
    user_id: Mapped[str | None]
    broker: Mapped[str]
    actor: Mapped[str]
    details: Mapped[dict[str, Any]]

    deliveries: Mapped[list[EventDelivery]] = relationship()


class EventDelivery(Base):
    """One target of one event. `target` is a `Target`, or one address of it behind a slash (`people/2`: its place in
    NOTIFY_URLS).

    `next_try_at` is null once nothing is to be done any more. `last_error` is in our own words.
    """

    __tablename__ = "event_deliveries"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state.value) for state in DeliveryState)})", name="state"),
        Index("ix_event_deliveries_pending", "next_try_at", postgresql_where=text("state = 'pending'")),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id"), primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(server_default=text("'pending'"), default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    delivered_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


def record_event(session: Session, kind: str, connection: Connection, actor: str, **details: str | int | None) -> None:
    """Write an event in the caller's transaction, so that it stands or falls with what it tells of.

    Whoever is told of its kind is told once that transaction is committed, and of the login's end as it stands now: by
    then the connection may be repaired or erased. `details` must be fit for all of them: ids and words of ours, never a
    link or a secret.
    """
    if TOLD[kind]:
        details = {"login_expires_at": iso(connection.login_expires_at), **details}
    _record(session, kind, connection.broker, actor, details, connection.id, connection.user_id)


def record_app_event(session: Session, kind: str, broker: str, actor: str, **details: str | int | None) -> None:
    """As `record_event`, for what concerns all connections of this installation's app at a broker."""
    _record(session, kind, broker, actor, details)


def _record(
    session: Session,
    kind: str,
    broker: str,
    actor: str,
    details: dict[str, str | int | None],
    connection_id: uuid.UUID | None = None,
    user_id: str | None = None,
) -> None:
    event = Event(
        id=uuid.uuid4(),
        kind=kind,
        connection_id=connection_id,
        user_id=user_id,
        broker=broker,
        actor=actor,
        details=details,
        deliveries=[EventDelivery(target=target.value) for target in TOLD[kind]],
    )
    session.add(event)


def iso(time: datetime | None) -> str | None:
    """A time as `details` hold it: ISO 8601, UTC, with a Z."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")
