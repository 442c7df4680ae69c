"""The probe of a refused app: when it is made, by whom, and what each answer does."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import QueuePool

from brokers.errors import (
    AppMisconfigured,
    BrokerDown,
    BrokerError,
    Unreachable,
)
from tests.fakes import FakeBroker
from tests.records import a_connection, a_snapshot, an_answer
from tests.worker.opened import (
    app_events,
    circuits,
    dispatched,
    kinds,
    open_circuit,
    probe_due,
    probe_in,
    the_circuit,
)
from tests.worker.stored import connection_row, make_due, wait_left
from worker.circuits import NOT_CONFIGURED
from worker.outcomes import Outcome, SyncFailed
from worker.parts import Parts
from worker.probing import probe_apps
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

REFUSED = AppMisconfigured("POST /token", "the app was refused")
SOON = timedelta(seconds=5)


def test_with_no_circuit_open_nobody_is_asked(parts: Parts, broker: FakeBroker) -> None:
    assert probe_apps(parts) == 0
    assert broker.calls == []


def test_a_probe_that_is_not_due_is_not_made(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts)
    assert probe_apps(parts) == 0
    assert broker.calls == []


def test_probes_are_two_four_eight_and_then_fifteen_minutes_apart_and_tell_nobody(
    parts: Parts, broker: FakeBroker
) -> None:
    open_circuit(parts)
    broker.will("check_app", REFUSED)
    for minutes in (2, 4, 8, 15, 15):
        probe_due(parts.database)
        assert probe_apps(parts) == 1
        wait = timedelta(minutes=minutes)
        assert wait - SOON < probe_in(parts.database) <= wait
    assert (the_circuit(parts.database).probes, broker.called("check_app"), kinds(parts.database)) == (5, 5, [])


@pytest.mark.parametrize(("coin", "minutes"), [(0.0, 13.5), (1.0, 16.5)])
def test_probes_are_a_tenth_sooner_or_later(parts: Parts, broker: FakeBroker, coin: float, minutes: float) -> None:
    open_circuit(parts, probes=9)
    broker.will("check_app", REFUSED)
    parts.random = lambda: coin
    probe_due(parts.database)
    probe_apps(parts)
    wait = timedelta(minutes=minutes)
    assert wait - SOON < probe_in(parts.database) <= wait


def test_refused_probed_and_taken_again_all_connections_go_on_by_themselves(parts: Parts, broker: FakeBroker) -> None:
    ids = [a_connection(parts.database) for _ in range(3)]
    broker.will("fetch", REFUSED, an_answer(a_snapshot()))
    broker.will("check_app", REFUSED, REFUSED, None)
    with pytest.raises(SyncFailed):
        sync_connection(parts, ids[0], "demand")
    for _ in range(2):
        assert dispatched(parts) == 0
        probe_due(parts.database)
        assert probe_apps(parts) == 1
    assert circuits(parts.database) == []
    assert [(event.kind, event.broker) for event in app_events(parts.database)] == [
        ("app_refused", "fake"),
        ("app_accepted", "fake"),
    ]
    assert max(wait_left(parts.database, each) for each in ids) <= timedelta(seconds=2)
    for connection_id in ids:
        make_due(parts.database, connection_id)
    assert dispatched(parts) == 3
    assert {sync_connection(parts, each, "demand").outcome for each in ids} == {Outcome.OK}


@pytest.mark.parametrize("error", [BrokerDown("POST /token", "a page"), Unreachable("POST /token", "time-out")])
def test_an_answer_that_proves_nothing_leaves_the_circuit_open(
    parts: Parts, broker: FakeBroker, error: BrokerError
) -> None:
    open_circuit(parts)
    probe_due(parts.database)
    broker.will("check_app", error)
    assert probe_apps(parts) == 1
    assert (len(circuits(parts.database)), kinds(parts.database)) == (1, [])


def test_of_two_workers_at_once_one_probes(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts)
    probe_due(parts.database)
    broker.will("check_app", REFUSED)
    assert parts.fingerprints
    together = Barrier(4)

    def probe() -> int:
        together.wait()
        return probe_apps(parts)

    with ThreadPoolExecutor(4) as pool:
        asked = [done.result() for done in [pool.submit(probe) for _ in range(4)]]
    assert (sum(asked), broker.called("check_app"), the_circuit(parts.database).probes) == (1, 1, 1)


def test_while_the_question_is_out_no_session_is_held_and_the_next_probe_is_set(
    parts: Parts, broker: FakeBroker
) -> None:
    open_circuit(parts)
    probe_due(parts.database)
    pool = parts.database.engine.pool
    assert isinstance(pool, QueuePool)
    seen: list[object] = []

    def look() -> BrokerError:
        seen.append(pool.checkedout())
        seen.append(probe_in(parts.database) > timedelta(minutes=1))
        seen.append(probe_apps(parts))
        return REFUSED

    broker.will("check_app", look)
    assert probe_apps(parts) == 1
    assert seen == [0, True, 0]


def test_a_process_that_dies_at_its_probe_costs_one_turn(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts)
    probe_due(parts.database)
    broker.will("check_app", MemoryError())
    with pytest.raises(MemoryError):
        probe_apps(parts)
    assert timedelta(minutes=1) < probe_in(parts.database) <= timedelta(minutes=2)
    broker.will("check_app", None)
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert kinds(parts.database) == ["app_accepted"]


def test_two_probes_that_both_find_the_app_taken_tell_of_it_once(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts)
    probe_due(parts.database)

    def slow() -> None:
        # It took so long that the next one was due and has ended.
        broker.will("check_app", None)
        probe_due(parts.database)
        assert probe_apps(parts) == 1

    broker.will("check_app", slow)
    assert probe_apps(parts) == 1
    assert kinds(parts.database) == ["app_accepted"]


def test_a_worker_that_still_lacks_the_variables_leaves_its_circuit_open(parts: Parts) -> None:
    open_circuit(parts, broker="schwab", app=NOT_CONFIGURED)
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert (len(circuits(parts.database)), kinds(parts.database)) == (1, [])


def test_a_connection_in_the_middle_of_a_run_is_left_as_it_is(parts: Parts) -> None:
    open_circuit(parts)
    at_work = a_connection(parts.database, claim_id=uuid.uuid4())
    stored = connection_row(parts.database, at_work)
    with parts.database.session() as session:
        session.merge(stored).claim_until = stored.login_expires_at
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert connection_row(parts.database, at_work).next_sync_at == stored.next_sync_at
