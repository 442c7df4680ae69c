"""What is for people: addressed to each of them, and taken by address."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import delete
from sqlalchemy.event import listen, remove

from models.connection import Connection
from models.event import DeliveryState, Target, record_event
from models.session import Database
from tests.records import a_connection
from tests.worker.delivery.given import deliveries, left_lying, states, written
from worker.delivery import outbox

pytestmark = pytest.mark.servers

BOTH = ["people/1", "people/2"]


def test_every_address_gets_a_delivery_of_its_own(database: Database) -> None:
    written(database, a_connection(database), "login_ending")
    outbox.address_to_people(database, BOTH)
    outbox.address_to_people(database, BOTH)
    pending = DeliveryState.PENDING
    assert states(database) == dict.fromkeys(["people/1", "people/2", "subscribers", "webhook"], pending)
    assert [each.target for each in outbox.take(database, Target.PEOPLE, 10, BOTH)] == ["people/1", "people/2"]


def test_an_address_that_is_there_no_more_is_waited_for_as_long_as_another_worker_may_know_it(
    database: Database,
) -> None:
    written(database, a_connection(database), "login_ending")
    outbox.address_to_people(database, BOTH)
    outbox.address_to_people(database, BOTH[:1])
    assert (states(database)["people/1"], states(database)["people/2"]) == ("pending", "pending")
    left_lying(database)
    outbox.address_to_people(database, BOTH[:1])
    assert (states(database)["people/1"], states(database)["people/2"]) == ("pending", "unwanted")


def test_what_nobody_has_set_up_is_not_wanted_once_no_worker_took_it_in_time(database: Database) -> None:
    written(database, a_connection(database), "login_ending")
    outbox.address_to_people(database, [])
    outbox.decline(database, Target.WEBHOOK)
    assert set(states(database).values()) == {"pending"}
    left_lying(database)
    outbox.address_to_people(database, [])
    outbox.decline(database, Target.WEBHOOK)
    assert states(database) == {"people": "unwanted", "subscribers": "pending", "webhook": "unwanted"}


def test_an_erased_connection_is_told_of_without_what_went_with_it(database: Database) -> None:
    connection_id = a_connection(database, label="IRA", time_zone="Europe/Berlin")
    written(database, connection_id, "login_ending")
    outbox.address_to_people(database, BOTH[:1])
    (due,) = outbox.take(database, Target.PEOPLE, 10, BOTH)
    assert (due.told.label, due.told.time_zone) == ("IRA", "Europe/Berlin")
    with database.session() as session:
        session.execute(delete(Connection))
    (due,) = outbox.take(database, Target.WEBHOOK, 10)
    assert (due.told.label, due.told.time_zone) == (None, None)
    assert (due.event.connection_id, due.event.details["login_expires_at"][-1]) == (connection_id, "Z")


def test_an_event_that_is_committed_while_others_are_addressed_is_addressed_by_the_next_run(database: Database) -> None:
    connection_id = a_connection(database)
    written(database, connection_id, "given_up")
    writing = ExitStack()
    session = writing.enter_context(database.session())
    record_event(session, "reauth_required", session.get_one(Connection, connection_id), "worker")
    session.flush()

    def commit(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith("DELETE"):
            writing.close()

    listen(database.engine, "after_cursor_execute", commit)
    try:
        outbox.address_to_people(database, BOTH)
    finally:
        remove(database.engine, "after_cursor_execute", commit)
    assert [(each.target, each.state) for each in deliveries(database) if each.target.startswith("people")] == [
        ("people/1", "pending"),
        ("people/2", "pending"),
        ("people", "pending"),
    ]
    assert [each.event.kind for each in outbox.take(database, Target.PEOPLE, 10, BOTH)] == ["given_up"] * 2
    outbox.address_to_people(database, BOTH)
    assert [each.event.kind for each in outbox.take(database, Target.PEOPLE, 10, BOTH)] == ["reauth_required"] * 2


def test_an_address_that_was_removed_in_between_is_not_taken(database: Database) -> None:
    written(database, a_connection(database), "login_ending")
    outbox.address_to_people(database, BOTH)
    assert [each.target for each in outbox.take(database, Target.PEOPLE, 10, BOTH[:1])] == ["people/1"]
