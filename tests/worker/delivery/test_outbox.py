"""Who takes what is due, and what becomes of it."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from freezegun import freeze_time
from sqlalchemy import func, select, update

from models.event import DeliveryState, EventDelivery, Target
from models.session import Database
from tests.records import a_connection
from tests.worker.delivery.given import deliveries, made_due, states, written, written_of_an_app
from tests.worker.stored import database_now
from worker.delivery import outbox
from worker.delivery.outbox import Due
from worker.delivery.pacing import is_worn_out
from worker.limits import DELIVERY_LEASE

pytestmark = pytest.mark.servers

MINUTE = timedelta(minutes=1)
BOTH = ["people/1", "people/2"]


def middle() -> float:
    return 0.5


def kinds(due: list[Due]) -> list[str]:
    return [each.event.kind for each in due]


def test_what_is_due_is_told_by_whom_it_is_for(database: Database) -> None:
    assert outbox.targets_due(database) == frozenset()
    written(database, a_connection(database), "login_ending")
    assert outbox.targets_due(database) == frozenset(Target)
    outbox.address_to_people(database, BOTH)
    assert outbox.targets_due(database) == frozenset(Target)


def test_a_delivery_is_taken_once_and_again_when_who_took_it_died(database: Database) -> None:
    written(database, a_connection(database), "linked")
    (due,) = outbox.take(database, Target.WEBHOOK, 10)
    assert outbox.take(database, Target.WEBHOOK, 10) == []
    (row,) = [each for each in deliveries(database) if each.target == "webhook"]
    assert row.next_try_at is not None
    assert DELIVERY_LEASE - MINUTE / 2 < row.next_try_at - database_now(database) <= DELIVERY_LEASE
    made_due(database)
    (again,) = outbox.take(database, Target.WEBHOOK, 10)
    assert (again.event.id, again.attempts) == (due.event.id, 0)


def test_events_are_taken_in_their_order_and_up_to_the_limit(database: Database) -> None:
    written(database, a_connection(database), "linked", "paused", "resumed")
    assert kinds(outbox.take(database, Target.WEBHOOK, 2)) == ["linked", "paused"]
    assert kinds(outbox.take(database, Target.WEBHOOK, 2)) == ["resumed"]


def test_a_users_later_events_wait_for_the_earlier_ones_and_nobody_elses_do(database: Database) -> None:
    mine, theirs = a_connection(database), a_connection(database, user_id="theirs")
    written(database, mine, "linked")
    (first,) = outbox.take(database, Target.SUBSCRIBERS, 10)
    written(database, mine, "paused")
    written(database, theirs, "linked")
    assert [each.event.user_id for each in outbox.take(database, Target.SUBSCRIBERS, 10)] == ["theirs"]
    outbox.failed(database, [first], "away", middle)
    assert outbox.take(database, Target.SUBSCRIBERS, 10) == []
    with database.session() as session:
        session.execute(
            update(EventDelivery).where(EventDelivery.event_id == first.event.id).values(next_try_at=func.now())
        )
    assert kinds(outbox.take(database, Target.SUBSCRIBERS, 10)) == ["linked", "paused"]


def test_what_was_tried_least_comes_first_where_no_order_is_promised(database: Database) -> None:
    written(database, a_connection(database), "linked")
    outbox.failed(database, outbox.take(database, Target.WEBHOOK, 10), "away", middle)
    made_due(database)
    written(database, a_connection(database), "paused", "resumed")
    assert kinds(outbox.take(database, Target.WEBHOOK, 2)) == ["paused", "resumed"]
    assert kinds(outbox.take(database, Target.WEBHOOK, 2)) == ["linked"]


def test_two_who_take_at_once_never_take_the_same(database: Database) -> None:
    connection_id = a_connection(database)
    for _ in range(20):
        written(database, connection_id, "paused")
    start, taken = threading.Barrier(4), []

    def take() -> None:
        start.wait(10)
        for _ in range(20):
            taken.extend(outbox.take(database, Target.WEBHOOK, 3))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len({each.event.id for each in taken}) == 20


def test_what_was_delivered_is_done_with(database: Database) -> None:
    written(database, a_connection(database), "linked")
    outbox.delivered(database, outbox.take(database, Target.WEBHOOK, 10))
    (row,) = [each for each in deliveries(database) if each.target == "webhook"]
    assert (row.state, row.attempts, row.next_try_at, row.last_error) == ("delivered", 1, None, None)
    assert row.delivered_at is not None


def test_what_was_not_taken_waits_longer_each_time(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    written(database, a_connection(database), "linked")
    for attempts, wait in [(1, 3.75), (2, 7.5), (3, 15)]:
        due = outbox.take(database, Target.WEBHOOK, 10)
        outbox.failed(database, due, "It answered with status 500", middle)
        (row,) = [each for each in deliveries(database) if each.target == "webhook"]
        assert (row.state, row.attempts, row.last_error) == ("pending", attempts, "It answered with status 500")
        assert row.next_try_at is not None
        assert wait - 2 < (row.next_try_at - database_now(database)).total_seconds() <= wait
        made_due(database)
    assert [record.levelno for record in caplog.records] == [logging.WARNING], "once, not at each try"


def test_what_nobody_took_for_a_day_is_given_up_and_an_error_names_it_by_its_ids(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    written(database, a_connection(database), "linked")
    last = next(attempts for attempts in range(1, 1000) if is_worn_out("webhook", attempts))
    made_due(database, attempts=last - 2)
    outbox.failed(database, outbox.take(database, Target.WEBHOOK, 10), "away", middle)
    assert states(database)["webhook"] == DeliveryState.PENDING
    made_due(database)
    (due,) = outbox.take(database, Target.WEBHOOK, 10)
    outbox.failed(database, [due], "away", middle)
    assert states(database)["webhook"] == DeliveryState.GIVEN_UP
    made_due(database)
    assert outbox.take(database, Target.WEBHOOK, 10) == []
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (error.__dict__["event"], error.__dict__["target"]) == (due.event.id, "webhook")


def test_the_time_in_which_no_worker_ran_counts_for_nothing(database: Database) -> None:
    written(database, a_connection(database), "linked")
    for target in (Target.WEBHOOK, Target.SUBSCRIBERS):
        (due,) = outbox.take(database, target, 10)
        due.event.at -= timedelta(days=9)
        outbox.failed(database, [due], "away", middle)
    assert set(states(database).values()) == {"pending"}


def test_what_no_other_try_can_help_is_given_up_at_once(database: Database) -> None:
    written(database, a_connection(database), "linked")
    outbox.failed(database, outbox.take(database, Target.WEBHOOK, 10), "no", middle, retry=False)
    assert states(database)["webhook"] == DeliveryState.GIVEN_UP


def test_who_comes_late_with_a_failure_takes_no_delivery_back(database: Database) -> None:
    written(database, a_connection(database), "linked")
    late = outbox.take(database, Target.WEBHOOK, 10)
    made_due(database)
    outbox.delivered(database, outbox.take(database, Target.WEBHOOK, 10))
    outbox.failed(database, late, "away", middle)
    outbox.put_back(database, late)
    assert states(database)["webhook"] == DeliveryState.DELIVERED


def test_whose_time_is_over_changes_nothing_of_what_another_has_taken(database: Database) -> None:
    written(database, a_connection(database), "linked")
    late = outbox.take(database, Target.WEBHOOK, 10)
    made_due(database)
    (theirs,) = outbox.take(database, Target.WEBHOOK, 10)
    outbox.failed(database, late, "away", middle)
    outbox.put_back(database, late)
    (row,) = [each for each in deliveries(database) if each.target == "webhook"]
    assert (row.attempts, row.next_try_at) == (0, theirs.lease)
    outbox.delivered(database, late)
    assert states(database)["webhook"] == DeliveryState.DELIVERED, "it was, whoever did it"


def test_what_was_not_tried_is_due_at_once(database: Database) -> None:
    written(database, a_connection(database), "linked")
    outbox.put_back(database, outbox.take(database, Target.WEBHOOK, 10))
    assert [each.attempts for each in outbox.take(database, Target.WEBHOOK, 10)] == [0]
    outbox.put_back(database, [])


def test_an_event_of_an_app_is_not_for_subscribers(database: Database) -> None:
    written_of_an_app(database, "app_refused", action="See to it.")
    assert states(database) == {"people": "pending", "webhook": "pending"}


def test_the_clock_of_the_database_tells_what_is_due(database: Database) -> None:
    written(database, a_connection(database), "linked")
    with freeze_time("2020-01-01"):
        assert outbox.targets_due(database) == {Target.SUBSCRIBERS, Target.WEBHOOK}


def test_while_somebody_takes_nobody_else_does(database: Database) -> None:
    written(database, a_connection(database), "linked")
    with database.session() as session:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("deliver subscribers"))))
        assert outbox.take(database, Target.SUBSCRIBERS, 10) == []
        assert len(outbox.take(database, Target.WEBHOOK, 10)) == 1
    assert len(outbox.take(database, Target.SUBSCRIBERS, 10)) == 1
