"""A product that the broker withdrew from the app: nobody may read any more, no circuit opens, and people are told once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func

from brokers.errors import AccessRefused, BadAnswer, BrokerError
from models.event import Event
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant
from tests.worker.opened import app_events, circuits
from tests.worker.stored import put
from worker.outcomes import SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection
from worker.withdrawn import AGAIN_AFTER, ENOUGH, QUIET, REASON, WELL_WITHIN

pytestmark = pytest.mark.servers

NO_PRODUCT = AccessRefused("GET /accounts", "the access token was refused (status 401)", 401)


def refused(parts: Parts, broker: FakeBroker, *ids: uuid.UUID, by: BrokerError = NO_PRODUCT) -> None:
    broker.will("refresh", a_grant(2))
    broker.will("fetch", by)
    for connection_id in ids:
        with pytest.raises(SyncFailed):
            sync_connection(parts, connection_id, "demand")


def well_lately(parts: Parts, count: int = ENOUGH) -> list[uuid.UUID]:
    """Connections that all succeeded a while ago, and none since."""
    ids = [a_connection(parts.database) for _ in range(count)]
    for connection_id in ids:
        put(parts.database, connection_id, last_success_at=func.now() - QUIET - timedelta(minutes=1))
    return ids


def reasons(parts: Parts) -> list[str]:
    return [event.details["reason"] for event in app_events(parts.database)]


def test_when_enough_may_not_read_and_nobody_else_does_one_event_tells_what_to_do(
    parts: Parts, broker: FakeBroker
) -> None:
    ids = well_lately(parts)
    refused(parts, broker, *ids[1:], *ids[1:])
    assert app_events(parts.database) == [], "one that is refused again is not one more"
    for _ in range(3):
        refused(parts, broker, *ids)
    (event,) = app_events(parts.database)
    assert (event.kind, event.broker, event.details) == (
        "app_refused",
        "fake",
        {"reason": REASON, "action": "Ask the fake broker."},
    )
    assert circuits(parts.database) == []


def test_of_many_that_are_refused_at_once_one_tells(parts: Parts, broker: FakeBroker) -> None:
    ids, together = well_lately(parts, 12), Barrier(12)

    def refuse() -> BrokerError:
        together.wait(20)
        return NO_PRODUCT

    broker.will("refresh", a_grant(2))
    broker.will("fetch", refuse)
    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(pytest.raises, SyncFailed, sync_connection, parts, each, "demand") for each in ids]:
            done.result()
    assert reasons(parts) == [REASON]


@pytest.mark.parametrize(("ago", "told"), [(QUIET, [REASON]), (QUIET - timedelta(minutes=1), [])])
def test_nobody_is_told_while_another_one_of_that_broker_may_read(
    parts: Parts, broker: FakeBroker, ago: timedelta, told: list[str]
) -> None:
    ids = well_lately(parts)
    put(parts.database, a_connection(parts.database), last_success_at=func.now() - ago)
    put(parts.database, a_connection(parts.database, broker="another"), last_success_at=func.now())
    refused(parts, broker, *ids)
    assert reasons(parts) == told


def test_logins_that_have_never_had_the_product_do_not_count(parts: Parts, broker: FakeBroker) -> None:
    ids = well_lately(parts)
    put(parts.database, ids[0], last_success_at=None, login_at=func.now() - WELL_WITHIN)
    put(parts.database, ids[1], last_success_at=func.now() - WELL_WITHIN)
    refused(parts, broker, *ids)
    assert app_events(parts.database) == []


def test_those_that_were_linked_lately_and_never_could_read_do_count(parts: Parts, broker: FakeBroker) -> None:
    refused(parts, broker, *[a_connection(parts.database) for _ in range(ENOUGH)])
    assert reasons(parts) == [REASON]


def test_another_failure_tells_nobody(parts: Parts, broker: FakeBroker) -> None:
    refused(parts, broker, *well_lately(parts), by=BadAnswer("GET /accounts", "nonsense"))
    assert app_events(parts.database) == []


@pytest.mark.parametrize(("ago", "times"), [(AGAIN_AFTER, 2), (AGAIN_AFTER - timedelta(minutes=1), 1)])
def test_it_is_told_again_after_a_day(parts: Parts, broker: FakeBroker, ago: timedelta, times: int) -> None:
    ids = well_lately(parts)
    with parts.database.session() as session:
        session.add(
            Event(
                id=uuid.uuid4(),
                at=func.now() - ago,
                kind="app_refused",
                broker="fake",
                actor="worker",
                details={"reason": REASON},
            )
        )
    refused(parts, broker, *ids)
    assert len(app_events(parts.database)) == times


def test_that_the_app_itself_was_refused_today_does_not_keep_it_back(parts: Parts, broker: FakeBroker) -> None:
    ids = well_lately(parts)
    with parts.database.session() as session:
        session.add(
            Event(id=uuid.uuid4(), kind="app_refused", broker="fake", actor="worker", details={"reason": "the secret"})
        )
    refused(parts, broker, *ids)
    assert reasons(parts) == ["the secret", REASON]
