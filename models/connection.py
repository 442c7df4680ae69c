"""A person's link to one broker, and the credentials that keep it alive."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Interval, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId
from models.sealing import Sealed


class Status(StrEnum):
    """Where a connection stands. Only `SCHEDULED` ones are dispatched."""

    LINKING = "linking"
    ACTIVE = "active"
    PAUSED = "paused"
    REAUTH_REQUIRED = "reauth_required"
    CREDENTIALS_UNREADABLE = "credentials_unreadable"
    DISCONNECTED = "disconnected"


SCHEDULED = (Status.LINKING, Status.ACTIVE, Status.CREDENTIALS_UNREADABLE)
"""`linking`: the accounts are still to be listed. `credentials_unreadable`: probed, so that it goes on by itself."""

LOGIN_OVER = timedelta(0)
"""The last of a login's notices."""


WATCHED = (Status.ACTIVE, Status.PAUSED, Status.CREDENTIALS_UNREADABLE)
"""Those with a login that is not known to have ended: people are told before it does."""


def _is_one_of(statuses: tuple[Status, ...]) -> str:
    return f"status IN ({', '.join(repr(status.value) for status in statuses)})"


class Connection(Base):
    """One login of one user at one broker. `next_sync_at` is the schedule; the claim says who works on it now.

    The schedule asks from `hours_from` to before `hours_until`, over midnight if need be, by the clocks of `time_zone` (an
    IANA name); at any hour where both are null. `login_notice` is how long before the login's end people were told of
    it last; null where they were not told yet, `LOGIN_OVER` once its time is over and that has been seen to.
    """

    __tablename__ = "connections"
    __table_args__ = (
        CheckConstraint(_is_one_of(tuple(Status)), name="status"),
        CheckConstraint(
            "(hours_from IS NULL) = (hours_until IS NULL) AND hours_from <> hours_until",
            name="hours",
        ),
        Index("ix_connections_due", "next_sync_at", postgresql_where=text(_is_one_of(SCHEDULED))),
        Index("ix_connections_user_id", "user_id"),
        Index("ix_connections_login_fp", "login_fp"),
        Index("ix_connections_ending", "login_expires_at", postgresql_where=text(_is_one_of(WATCHED))),
    )

    id: Mapped[RowId]
    user_id: Mapped[str]
    broker: Mapped[str]
    label: Mapped[str | None]
    status: Mapped[str]
    login_fp: Mapped[str | None]
    login_at: Mapped[datetime]
    login_expires_at: Mapped[datetime | None]
    login_notice: Mapped[timedelta | None] = mapped_column(Interval())
    repairs_connection_id: Mapped[uuid.UUID | None]
    sync_interval: Mapped[timedelta] = mapped_column(Interval())
    hours_from: Mapped[time | None]
    hours_until: Mapped[time | None]
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"), default="UTC")
    next_sync_at: Mapped[datetime | None]
    claim_id: Mapped[uuid.UUID | None]
    claim_until: Mapped[datetime | None]
    claim_started_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    consecutive_failures: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    unfinished_attempts: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    last_error_kind: Mapped[str | None]
    last_error_text: Mapped[str | None]
    fetch_state_sealed: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    fetch_state = Sealed[dict[str, Any] | None]("fetch_state_sealed")

    @property
    def sealed_under(self) -> uuid.UUID:
        return self.id


class Credential(Base):
    """The sealed document of one connection: access token, refresh token, keys, as its broker names them.

    A table of its own, because a lock on the connection's row would hold up every insert that points at it. `token_version`
    rises with each saved refresh, and `refreshed_at` is when the tokens were issued. The attempt is marked before the broker
    is asked. `cut_short_by` tells of an attempt since then of which nobody knows what the broker did: `crash` (its process
    ended) or `no_answer` (it was sent, and nothing came back).
    """

    __tablename__ = "credentials"

    connection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True)
    document_sealed: Mapped[str]
    access_expires_at: Mapped[datetime | None]
    token_version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    refresh_attempt_id: Mapped[uuid.UUID | None]
    refresh_started_at: Mapped[datetime | None]
    refreshed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    cut_short_at: Mapped[datetime | None]
    cut_short_by: Mapped[str | None]

    document = Sealed[dict[str, str]]("document_sealed")

    @property
    def sealed_under(self) -> uuid.UUID:
        return self.connection_id

    @property
    def is_expired(self) -> bool:
        """Whether the access token's time is over by this machine's clock; one without an end never is."""
        return self.access_expires_at is not None and datetime.now(UTC) >= self.access_expires_at
