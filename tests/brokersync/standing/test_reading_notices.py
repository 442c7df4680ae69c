"""What `explain` knows of notices: who was told, who waits, and of which login."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models.connection import Status
from models.event import DeliveryState, EventDelivery
from models.session import Database
from tests.brokersync.standing.test_reading import EVERYBODY, facts, happens
from tests.records import a_connection

pytestmark = pytest.mark.servers


def deliver(database: Database, states: dict[str, DeliveryState], **values: Any) -> None:
    with database.session() as session:
        for delivery in session.query(EventDelivery):
            if delivery.target in states:
                delivery.state = states[delivery.target]
                for name, value in values.items():
                    setattr(delivery, name, value)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ({"people": DeliveryState.PENDING, "webhook": DeliveryState.DELIVERED}, DeliveryState.PENDING),
        ({"people": DeliveryState.GIVEN_UP, "webhook": DeliveryState.DELIVERED}, DeliveryState.GIVEN_UP),
        ({"people": DeliveryState.UNWANTED, "webhook": DeliveryState.DELIVERED}, DeliveryState.DELIVERED),
        ({"people": DeliveryState.UNWANTED, "webhook": DeliveryState.UNWANTED}, DeliveryState.UNWANTED),
        (
            {
                "people": DeliveryState.DELIVERED,
                "webhook": DeliveryState.DELIVERED,
                "subscribers": DeliveryState.PENDING,
            },
            DeliveryState.DELIVERED,
        ),
    ],
)
def test_a_notice_is_as_far_as_the_worst_of_people_and_webhook(
    states: dict[str, DeliveryState], state: DeliveryState, database: Database
) -> None:
    connection_id = a_connection(database)
    happens(database, connection_id, "login_ending")
    deliver(database, states)
    notice = facts(database, connection_id, **EVERYBODY).notice
    assert notice is not None
    assert (notice.kind, notice.state) == ("login_ending", state)


@pytest.mark.parametrize(
    ("set_up", "states", "state"),
    [
        ("notify_urls", {"people": DeliveryState.DELIVERED}, DeliveryState.DELIVERED),
        ("notify_urls", {"people": DeliveryState.GIVEN_UP}, DeliveryState.GIVEN_UP),
        ("notify_urls", {}, DeliveryState.PENDING),
        ("webhook_url", {"webhook": DeliveryState.DELIVERED}, DeliveryState.DELIVERED),
        ("webhook_url", {}, DeliveryState.PENDING),
        ("nobody", {}, DeliveryState.UNWANTED),
    ],
)
def test_what_these_settings_have_no_target_for_is_not_waited_for(
    set_up: str, states: dict[str, DeliveryState], state: DeliveryState, database: Database
) -> None:
    connection_id = a_connection(database)
    happens(database, connection_id, "login_ending")
    deliver(database, states, next_try_at=None)
    given = {name: value for name, value in EVERYBODY.items() if name == set_up}
    notice = facts(database, connection_id, **given).notice
    assert notice is not None
    assert (notice.state, notice.next_try_at is None) == (state, state != DeliveryState.PENDING)


def test_an_address_that_is_not_set_any_more_is_not_waited_for(database: Database) -> None:
    connection_id = a_connection(database)
    happens(database, connection_id, "login_ending")
    deliver(database, {"webhook": DeliveryState.DELIVERED})
    with database.session() as session:
        session.execute(update(EventDelivery).where(EventDelivery.target == "people").values(target="people/2"))
    for urls, state in (("json://a", DeliveryState.DELIVERED), ("json://a json://b", DeliveryState.PENDING)):
        notice = facts(database, connection_id, notify_urls=urls).notice
        assert notice is not None
        assert notice.state == state


@pytest.mark.parametrize("settled", ["linked", "repaired"])
def test_a_notice_from_before_the_login_was_listed_is_of_an_older_one(settled: str, database: Database) -> None:
    """Though a sandbox's clock, which moves the time of the login, may have put that before the notice."""
    connection_id = a_connection(database, login_at=datetime.now(UTC) - timedelta(days=6))
    happens(database, connection_id, "login_ending")
    happens(database, connection_id, settled)
    assert facts(database, connection_id).notice is None
    happens(database, connection_id, "login_ended")
    notice = facts(database, connection_id).notice
    assert notice is not None
    assert notice.kind == "login_ended"


def test_a_notice_of_what_paused_a_connection_outlives_its_repair(database: Database) -> None:
    connection_id = a_connection(database, status=Status.PAUSED)
    happens(database, connection_id, "given_up")
    happens(database, connection_id, "login_ending")
    happens(database, connection_id, "repaired")
    notice = facts(database, connection_id).notice
    assert notice is not None
    assert notice.kind == "given_up"


def test_a_notice_that_nobody_got_says_whether_there_were_addresses(database: Database) -> None:
    connection_id = a_connection(database)
    happens(database, connection_id, "login_ending")
    deliver(database, dict.fromkeys(("people", "webhook"), DeliveryState.UNWANTED))
    notice = facts(database, connection_id).notice
    assert notice is not None
    assert not notice.had_addresses
    with database.session() as session:
        session.execute(update(EventDelivery).where(EventDelivery.target == "people").values(target="people/1"))
    notice = facts(database, connection_id).notice
    assert notice is not None
    assert (notice.state, notice.had_addresses) == (DeliveryState.UNWANTED, True)


def test_a_notice_that_waits_says_how_often_it_was_tried_and_when_again(database: Database) -> None:
    connection_id = a_connection(database)
    happens(database, connection_id, "login_ending")
    again = datetime.now(UTC) + timedelta(minutes=5)
    deliver(database, {"webhook": DeliveryState.PENDING}, attempts=3, next_try_at=again)
    deliver(database, {"people": DeliveryState.DELIVERED}, next_try_at=None)
    notice = facts(database, connection_id).notice
    assert notice is not None
    assert (notice.attempts, notice.next_try_at) == (3, again)


def test_what_only_programs_hear_of_is_no_notice(database: Database) -> None:
    connection_id = a_connection(database)
    happens(database, connection_id, "linked")
    assert facts(database, connection_id).notice is None
