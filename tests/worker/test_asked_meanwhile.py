"""Somebody asks while a run is at work: a run that succeeds is followed by another at once, any other end is waited out."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from brokers.errors import BrokerDown, RateLimited
from brokers.records import AccountFault, ComeBack
from tests.fakes import FakeBroker
from tests.records import NUMBER, a_connection, a_snapshot, an_answer
from tests.worker.no_circuits import dispatch_due_connections
from tests.worker.stored import wait_left
from worker.outcomes import Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

AT = ("GET /accounts", "what was wrong")


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database)


def asked_meanwhile(parts: Parts, connection_id: uuid.UUID, answer: object) -> Callable[[], object]:
    """The broker's answer, and before it comes somebody asks for the same connection."""

    def ask() -> object:
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.BUSY
        return answer

    return ask


def test_after_a_success_the_connection_is_due_at_once(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", asked_meanwhile(parts, connection_id, an_answer(a_snapshot())))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    assert dispatch_due_connections(parts.database, lambda *_: None) == 1


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (RateLimited(*AT, timedelta(minutes=30)), timedelta(minutes=30)),
        (BrokerDown(*AT), timedelta(seconds=15)),
        (an_answer(AccountFault(number=NUMBER, endpoint="GET /accounts", fault="no cash")), timedelta(seconds=15)),
    ],
)
def test_after_a_failure_it_waits_as_long_as_if_nobody_had_asked(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, answer: Any, wait: timedelta
) -> None:
    broker.will("fetch", asked_meanwhile(parts, connection_id, answer))
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert wait - timedelta(seconds=5) < wait_left(parts.database, connection_id) <= wait


def test_after_a_rate_limit_nobody_gets_through_before_the_brokers_time(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", asked_meanwhile(parts, connection_id, RateLimited(*AT, timedelta(minutes=30))))
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert dispatch_due_connections(parts.database, lambda *_: None) == 0
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.DEFERRED
    assert broker.called("fetch") == 1


def test_a_broker_that_prepares_its_report_is_asked_when_it_said(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    come_back = ComeBack(wait=timedelta(minutes=10), state={"report": "7"})
    broker.will("fetch", asked_meanwhile(parts, connection_id, come_back))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.DEFERRED
    assert timedelta(minutes=9) < wait_left(parts.database, connection_id) <= timedelta(minutes=10)
