"""What the doctor says of events that did not reach whom they were for."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from brokersync.doctor import deliveries
from brokersync.doctor.findings import Level
from models.event import DeliveryState, Event, EventDelivery
from models.session import Database

pytestmark = pytest.mark.servers


def an_event(
    database: Database,
    age: timedelta,
    target: str,
    state: DeliveryState,
    last_error: str | None = None,
    attempts: int = 0,
) -> None:
    delivery = EventDelivery(target=target, state=state, last_error=last_error, attempts=attempts)
    event = Event(
        id=uuid.uuid4(),
        at=datetime.now(UTC) - age,
        kind="login_ending",
        connection_id=uuid.uuid4(),
        user_id="42",
        broker="schwab",
        actor="worker",
        details={},
        deliveries=[delivery],
    )
    with database.session() as session:
        session.add(event)


def said(database: Database) -> list[str]:
    with database.session() as session:
        found = deliveries.examine(session)
    assert all((each.level, each.check) == (Level.WARNING, "Notices") for each in found)
    assert all("brokersync notify --test" in str(each.remedy) for each in found)
    return [each.said for each in found]


def test_what_waits_for_more_than_an_hour_is_a_warning_with_its_last_reason(database: Database) -> None:
    for minutes, error in ((61, "it answered with status 500"), (90, "it could not be reached"), (59, "too young")):
        an_event(database, timedelta(minutes=minutes), "webhook", DeliveryState.PENDING, error)
    an_event(database, timedelta(hours=2), "people/1", DeliveryState.PENDING)
    assert said(database) == [
        "For people/1 1 event has waited for more than 1 h: nothing has tried to deliver it (is the worker running?).",
        "For webhook 2 events have waited for more than 1 h: it answered with status 500.",
    ]


def test_what_was_tried_three_times_in_vain_is_a_warning_within_the_hour(database: Database) -> None:
    for attempts in (2, 3):
        an_event(
            database,
            timedelta(minutes=2),
            "people/1",
            DeliveryState.PENDING,
            "it could not be reached",
            attempts=attempts,
        )
    assert said(database) == ["For people/1 1 event has been tried 3 times or more in vain: it could not be reached."]


def test_what_was_given_up_lately_is_a_warning(database: Database) -> None:
    an_event(database, timedelta(days=1, hours=2), "people/2", DeliveryState.GIVEN_UP, "it could not be reached")
    an_event(database, timedelta(days=4), "people/2", DeliveryState.GIVEN_UP, "it could not be reached")
    assert said(database) == ["For people/2 1 event has been given up in the last 3 d: it could not be reached."]


def test_what_arrived_or_nobody_wanted_is_no_matter(database: Database) -> None:
    an_event(database, timedelta(hours=2), "webhook", DeliveryState.DELIVERED)
    an_event(database, timedelta(hours=2), "people", DeliveryState.UNWANTED)
    assert said(database) == []
