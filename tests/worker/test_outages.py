"""A broker that answers nobody: when it is called silent, who asks it then, and how all go on."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, update

from brokers.errors import AccessRefused, BadAnswer, BrokerDown, BrokerError, LoginEnded, RateLimited, Unreachable
from models.connection import Status
from models.run import SyncRun
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant, a_snapshot, an_answer
from tests.worker.opened import circuits, dispatched, kinds, open_circuit, probe_due, probe_in, the_circuit
from tests.worker.stored import make_due, put, wait_left
from worker import sync
from worker.dispatch import dispatch_due_connections
from worker.outages import ENOUGH, WITHIN, waiting
from worker.outcomes import Outcome, SyncFailed, SyncResult
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

DOWN = BrokerDown("GET /accounts", "a page")
SILENCES = (DOWN, Unreachable("GET /accounts", "time-out"))


def fail(parts: Parts, connection_id: uuid.UUID) -> None:
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")


def connections(database: Database, count: int) -> list[uuid.UUID]:
    return [a_connection(database) for _ in range(count)]


def a_silent_broker(parts: Parts) -> None:
    """Whose circuit is open, and whose probe is due."""
    open_circuit(parts, error_kind="broker_down", probed_at=None)
    probe_due(parts.database)


def test_the_circuit_opens_with_enough_different_connections_and_no_one_is_told(
    parts: Parts, broker: FakeBroker
) -> None:
    ids = connections(parts.database, ENOUGH)
    broker.will("fetch", *SILENCES)
    for connection_id in ids[1:]:
        fail(parts, connection_id)
    fail(parts, ids[1])
    assert circuits(parts.database) == [], "one that fails again is not one more"
    fail(parts, ids[0])
    circuit = the_circuit(parts.database)
    assert (circuit.broker, circuit.error_kind, kinds(parts.database)) == ("fake", "broker_down", [])
    assert timedelta(seconds=25) < probe_in(parts.database) <= timedelta(seconds=30)
    for connection_id in ids:
        make_due(parts.database, connection_id)
    a_connection(parts.database, broker="another")
    assert dispatched(parts) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_failures_that_are_older_do_not_count(parts: Parts, broker: FakeBroker, kept: bool) -> None:
    ids = connections(parts.database, ENOUGH)
    broker.will("fetch", DOWN)
    for connection_id in ids[1:]:
        fail(parts, connection_id)
    ago = WITHIN + timedelta(seconds=-5 if kept else 5)
    with parts.database.session() as session:
        session.execute(update(SyncRun).values(finished_at=func.clock_timestamp() - ago))
    fail(parts, ids[0])
    assert len(circuits(parts.database)) == kept


def test_a_broker_that_answered_one_of_them_meanwhile_is_not_silent(parts: Parts, broker: FakeBroker) -> None:
    ids, well = connections(parts.database, ENOUGH), a_connection(parts.database)
    broker.will("fetch", DOWN, an_answer(a_snapshot()), DOWN)
    fail(parts, ids[0])
    sync_connection(parts, well, "demand")
    for connection_id in ids[1:]:
        fail(parts, connection_id)
    assert circuits(parts.database) == []


def test_an_answer_from_before_the_first_failure_does_not_count(parts: Parts, broker: FakeBroker) -> None:
    broker.will("fetch", an_answer(a_snapshot()), DOWN)
    sync_connection(parts, a_connection(parts.database), "demand")
    for connection_id in connections(parts.database, ENOUGH):
        fail(parts, connection_id)
    assert len(circuits(parts.database)) == 1


def test_failures_at_another_broker_or_of_another_kind_do_not_count(parts: Parts, broker: FakeBroker) -> None:
    parts.brokers["another"] = broker
    broker.will("fetch", DOWN)
    for _ in range(ENOUGH - 1):
        fail(parts, a_connection(parts.database, broker="another"))
    broker.will("fetch", BadAnswer("GET /accounts", "nonsense"))
    for connection_id in connections(parts.database, ENOUGH):
        fail(parts, connection_id)
    broker.will("fetch", DOWN)
    fail(parts, a_connection(parts.database))
    assert circuits(parts.database) == []


def test_at_each_probe_one_connection_that_is_due_goes_out_and_the_next_probe_is_later(parts: Parts) -> None:
    connections(parts.database, 4)
    a_silent_broker(parts)
    for seconds in (60, 120, 240, 300):
        probe_due(parts.database)
        assert [dispatched(parts), dispatched(parts)] == [1, 0]
        wait = timedelta(seconds=seconds)
        assert wait * 0.9 - timedelta(seconds=5) < probe_in(parts.database) <= wait * 1.1


def test_a_probe_waits_for_a_connection_that_is_due(parts: Parts) -> None:
    connection_id = a_connection(parts.database)
    put(parts.database, connection_id, next_sync_at=func.now() + timedelta(minutes=1))
    a_silent_broker(parts)
    assert dispatched(parts) == 0
    assert probe_in(parts.database) <= timedelta(0)
    make_due(parts.database, connection_id)
    assert dispatched(parts) == 1


def test_the_probe_is_who_failed_least_however_long_others_have_been_due(parts: Parts) -> None:
    odd = connections(parts.database, 3)
    linking = a_connection(parts.database, status=Status.LINKING)
    unreadable = a_connection(parts.database, status=Status.CREDENTIALS_UNREADABLE)
    healthy = connections(parts.database, 2)
    for place, each in enumerate(odd):
        put(parts.database, each, consecutive_failures=12 + place)
    for place, each in enumerate(healthy):
        put(parts.database, each, next_sync_at=func.now() - timedelta(seconds=2 - place))
    for each in (*odd, linking, unreadable):
        put(parts.database, each, next_sync_at=func.now() - timedelta(hours=1))
    a_silent_broker(parts)
    sent: list[uuid.UUID] = []
    for _ in range(7):
        probe_due(parts.database)
        dispatch_due_connections(parts.database, lambda each, _: sent.append(each), partial(waiting, parts))
    assert sent == [*healthy, *odd, linking, unreadable]


def test_of_two_dispatchers_at_once_one_lets_one_through(parts: Parts) -> None:
    connections(parts.database, 4)
    a_silent_broker(parts)
    with parts.database.session() as session:
        assert len(waiting(parts, session).probes) == 1
        assert dispatched(parts) == 0, "the other one is at it, and is not waited for"
    assert dispatched(parts) == 1


def test_the_probe_that_is_answered_closes_the_circuit_and_all_go_on(parts: Parts, broker: FakeBroker) -> None:
    probe, *others = connections(parts.database, 3)
    failed = a_connection(parts.database, last_error_kind="unreachable")
    put(parts.database, failed, next_sync_at=func.now() + timedelta(minutes=10))
    put(parts.database, probe, next_sync_at=func.now() - timedelta(hours=1))
    a_silent_broker(parts)
    broker.will("fetch", an_answer(a_snapshot()))
    assert dispatched(parts) == 1
    assert sync_connection(parts, probe, "demand").outcome is Outcome.OK
    assert (circuits(parts.database), kinds(parts.database)) == ([], [])
    assert all(wait_left(parts.database, each) <= timedelta(seconds=2) for each in (*others, failed))
    assert wait_left(parts.database, probe) > timedelta(minutes=4)


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (LoginEnded("POST /token", "ended"), 0),
        (RateLimited("GET /accounts", "too many"), 0),
        (AccessRefused("GET /accounts", "refused"), 0),
        (BadAnswer("GET /accounts", "nonsense"), 1),
        *((error, 1) for error in SILENCES),
    ],
)
def test_a_failure_closes_it_only_where_a_broker_that_is_up_must_have_caused_it(
    parts: Parts, broker: FakeBroker, error: BrokerError, left: int
) -> None:
    a_silent_broker(parts)
    broker.will("fetch", error)
    broker.will("refresh", a_grant(2))
    fail(parts, a_connection(parts.database))
    assert (len(circuits(parts.database)), kinds(parts.database)) == (left, [])


def test_a_login_whose_accounts_can_be_listed_closes_it_too(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_connection(parts.database, status=Status.LINKING)
    a_silent_broker(parts)
    monkeypatch.setattr(sync, "finish_link", lambda *_: SyncResult(connection_id, Outcome.OK))
    sync_connection(parts, connection_id, "demand")
    assert circuits(parts.database) == []


def test_a_success_while_no_circuit_is_open_looks_for_none(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.outages._close", lambda *_: pytest.fail("asked"))
    broker.will("fetch", an_answer(a_snapshot()))
    assert sync_connection(parts, a_connection(parts.database), "demand").outcome is Outcome.OK


def test_who_asks_is_not_held_back_by_a_silent_broker(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts, error_kind="broker_down")
    broker.will("fetch", an_answer(a_snapshot()))
    assert sync_connection(parts, a_connection(parts.database), "demand").outcome is Outcome.OK
    assert circuits(parts.database) == []
