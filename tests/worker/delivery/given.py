"""Events that were written, and what became of their deliveries."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from models.connection import Connection
from models.event import Event, EventDelivery, record_app_event, record_event
from models.session import Database
from worker.delivery.addresses import Address
from worker.delivery.notices import Notice
from worker.delivery.pacing import UNCLAIMED
from worker.delivery.people import Answer, Answers
from worker.webhook import NotDelivered

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FRIDAY = "2026-11-27T18:00:00Z"
CONNECTION = uuid.UUID("0b6e2f41-0000-4000-8000-000000000001")


def an_event(kind: str = "login_ending", **values: Any) -> Event:
    """One that stands in no database: at the login of user 42 at Schwab, which ends on Friday the 27th."""
    given: dict[str, Any] = {
        "id": uuid.UUID("9c000000-0000-4000-8000-000000000001"),
        "kind": kind,
        "at": NOON,
        "connection_id": CONNECTION,
        "user_id": "42",
        "broker": "schwab",
        "actor": "worker",
        "details": {"login_expires_at": FRIDAY, **values.pop("details", {})},
    }
    return Event(**(given | values))


def written(database: Database, connection_id: uuid.UUID, *kinds: str, **details: str) -> None:
    """Events of these kinds in this order, each in a transaction of its own."""
    for kind in kinds:
        with database.session() as session:
            record_event(session, kind, session.get_one(Connection, connection_id), "worker", **details)


def written_of_an_app(database: Database, kind: str, **details: str) -> None:
    with database.session() as session:
        record_app_event(session, kind, "schwab", "worker", **details)


def deliveries(database: Database) -> Sequence[EventDelivery]:
    """In the order of their events, then by target."""
    with database.session() as session:
        wanted = select(EventDelivery).join(Event, Event.id == EventDelivery.event_id)
        return session.scalars(wanted.order_by(Event.at, EventDelivery.target)).all()


def states(database: Database) -> dict[str, str]:
    """Target and state, where there is one event."""
    return {each.target: each.state for each in deliveries(database)}


def made_due(database: Database, **values: Any) -> None:
    """As if the time for another try had come for all that wait."""
    with database.session() as session:
        waiting = update(EventDelivery).where(EventDelivery.state == "pending")
        session.execute(waiting.values({"next_try_at": func.now() - timedelta(seconds=1), **values}))


def left_lying(database: Database) -> None:
    """As if what waits had been due for so long that no worker can be there whose settings name its target."""
    made_due(database, next_try_at=func.now() - UNCLAIMED)


class FakeWebhook:
    """Notes what it is sent. `failure` is raised instead while it is set."""

    def __init__(self) -> None:
        self.sent: list[tuple[uuid.UUID, bytes]] = []
        self.failure: NotDelivered | None = None

    def send(self, document: bytes, event_id: uuid.UUID, now: datetime, deadline: float) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append((event_id, document))


class FakePeople:
    """What each address was sent; `answers` says what an address answers to each notice, else all is taken."""

    def __init__(self) -> None:
        self.sent: dict[int, list[str]] = {}
        self.answers: dict[int, list[Answer]] = {}

    def send(self, address: Address, notices: list[Notice]) -> Answers:
        self.sent.setdefault(address.place, []).extend(each.title for each in notices)
        return Answers("Fake", tuple(self.answers.get(address.place, [Answer(True)] * len(notices))))


def told(messages: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Channel and kind of event of what subscribers heard."""
    return [(channel, json.loads(text)["event"]) for channel, text in messages]
