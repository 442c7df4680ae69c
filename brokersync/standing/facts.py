"""What is known of a connection at one moment of the database's clock, with nothing concluded from it yet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.circuit import Opened
from models.connection import SCHEDULED, Status
from models.event import DeliveryState
from worker.schedule import Hours

OVERDUE = timedelta(minutes=2)
"""Beat looks every 2 s, and a message may wait a minute for a slot: who is due for longer is not being asked."""


@dataclass(frozen=True)
class Happened:
    """The last event of a kind; `reason` is in our own words."""

    at: datetime
    actor: str
    reason: str | None = None


@dataclass(frozen=True)
class Notice:
    """The last event that people are told of, and how that went.

    `state` is of people and webhook together: `pending` while either waits (for `next_try_at`), else `given_up` where
    either failed for good, `delivered`, or `unwanted` where neither wanted it. `had_addresses`: NOTIFY_URLS was not
    empty when it came.
    """

    kind: str
    at: datetime
    state: DeliveryState
    attempts: int = 0
    next_try_at: datetime | None = None
    had_addresses: bool = False


@dataclass(frozen=True)
class OpenCircuit:
    """The broker takes nothing of this app, or answers nobody; `probe_at` is when one question tries again.

    `is_set_up`: the worker has what names the app in its environment.
    """

    error_kind: Opened
    opened_at: datetime
    probe_at: datetime
    is_set_up: bool = True


@dataclass(frozen=True)
class Facts:
    """`error_*` and `failures` are of the failures in a row since the last sync that succeeded. `near` is how long before
    a login's end people are first told.

    `title` is the broker's name, `app_variables` what names its app in the environment. `happened` is by kind, since the
    login was made; what paused the connection outlives its login.
    """

    now: datetime
    connection_id: uuid.UUID
    user_id: str
    broker: str
    title: str
    app_variables: tuple[str, ...]
    status: Status
    login_at: datetime
    login_expires_at: datetime | None
    near: timedelta
    checked_at: datetime | None
    next_sync_at: datetime | None
    updated_at: datetime
    error_kind: str | None = None
    error_text: str | None = None
    failures: int = 0
    unfinished_attempts: int = 0
    claim_until: datetime | None = None
    claim_started_at: datetime | None = None
    hours: Hours | None = None
    circuit: OpenCircuit | None = None
    happened: Mapping[str, Happened] = field(default_factory=dict)
    notice: Notice | None = None

    @property
    def is_claimed(self) -> bool:
        """Whether a message or a run holds the connection."""
        return self.claim_until is not None and self.claim_until > self.now

    @property
    def is_at_work(self) -> bool:
        """Whether a run is asking the broker right now."""
        return self.is_claimed and self.claim_started_at is not None

    @property
    def is_held_back(self) -> bool:
        """Whether it waits for its broker to take the app again, or to answer at all."""
        return self.circuit is not None and self.status in SCHEDULED and not self.is_at_work

    @property
    def due_at(self) -> datetime | None:
        """When somebody should ask: the broker for this connection, or, while it is held back, for its app."""
        return self.circuit.probe_at if self.circuit is not None and self.is_held_back else self.next_sync_at

    @property
    def waits_for_a_worker(self) -> timedelta | None:
        """For how long somebody could have done what is due; None where nothing is due, or somebody does it.

        Whatever made it due just now, a worker must have had the time for it.
        """
        if self.status not in SCHEDULED or self.is_claimed or self.due_at is None or self.due_at > self.now:
            return None
        return self.now - max(self.due_at, self.updated_at)

    @property
    def is_overdue(self) -> bool:
        """Whether nobody does what is due."""
        return self.waits_for_a_worker is not None and self.waits_for_a_worker > OVERDUE

    @property
    def ends_in(self) -> timedelta | None:
        """What is left of the login by its own clock, past its end less than nothing; None where it has no end."""
        return None if self.login_expires_at is None else self.login_expires_at - self.now

    @property
    def is_over(self) -> bool:
        return self.ends_in is not None and self.ends_in <= timedelta(0)

    @property
    def is_near_its_end(self) -> bool:
        return self.ends_in is not None and timedelta(0) < self.ends_in <= self.near

    @property
    def is_given_up(self) -> bool:
        """Of a paused one: whether it was the worker that did it."""
        by_a_person, by_the_worker = self.happened.get("paused"), self.happened.get("given_up")
        return by_the_worker is not None and (by_a_person is None or by_the_worker.at > by_a_person.at)

    @property
    def waits_for_its_hours(self) -> bool:
        """Whether it is asked next when its hours have begun, which they have not."""
        return (
            self.status == Status.ACTIVE
            and self.hours is not None
            and self.next_sync_at is not None
            and self.next_sync_at > self.now
            and not self.hours.include(self.now)
            and self.hours.include(self.next_sync_at)
        )
