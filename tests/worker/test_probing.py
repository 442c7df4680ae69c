"""The probe of a refused app: when it is made, by whom, what each answer does, and what becomes of a replaced app."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import QueuePool

from brokers.errors import AppMisconfigured, BrokerDown, BrokerError, Unreachable
from models.sealing import keyring
from models.session import Database
from settings import Settings
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
from worker.probing import ABANDONED, probe_apps
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

REFUSED = AppMisconfigured("POST /token", "the app was refused")
SOON = timedelta(seconds=5)


def replaced(parts: Parts, *, app: str = "the-new-app-key") -> tuple[Parts, FakeBroker]:
    """A worker whose environment names another app."""
    broker = FakeBroker()
    broker.app = app
    return Parts(Settings(), parts.database, parts.publisher, {}, random=lambda: 0.5, brokers={"fake": broker}), broker


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
    broker.will("check_app", REFUSED, None)
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


def test_a_replaced_app_is_first_brought_forward_for_who_still_has_it(parts: Parts) -> None:
    open_circuit(parts)
    newer, asked = replaced(parts)
    assert probe_apps(newer) == 0
    assert probe_in(parts.database) <= timedelta(0)
    assert probe_apps(newer) == 0, "its own workers have a minute"
    assert (len(circuits(parts.database)), asked.calls) == (1, [])
    # One of them is alive, and asks.
    older, its_broker = replaced(parts, app="the-app-key")
    its_broker.will("check_app", REFUSED)
    assert probe_apps(older) == 1
    assert probe_apps(newer) == 0
    assert len(circuits(parts.database)) == 1


@pytest.mark.parametrize(
    ("answer", "left", "told"),
    [(None, 0, ["app_accepted"]), (REFUSED, 0, []), (BrokerDown("POST /token", "a page"), 1, [])],
)
def test_a_replaced_app_that_no_worker_has_any_more_goes_with_the_word_about_the_new_one(
    parts: Parts, answer: BrokerError | None, left: int, told: list[str]
) -> None:
    open_circuit(parts)
    newer, asked = replaced(parts)
    asked.will("check_app", answer)
    probe_due(parts.database, late_by=ABANDONED)
    assert probe_apps(newer) == 1
    assert (len(circuits(parts.database)), kinds(parts.database)) == (left, told)


def test_the_new_apps_own_circuit_stays_when_the_old_one_goes(parts: Parts, database: Database) -> None:
    newer, asked = replaced(parts)
    asked.will("check_app", REFUSED)
    open_circuit(parts)
    probe_due(database, late_by=ABANDONED)
    open_circuit(newer)
    kept = {circuit.app for circuit in circuits(database)}
    assert probe_apps(newer) == 1
    assert {circuit.app for circuit in circuits(database)} < kept
    assert dispatched(newer) == 0


def test_a_silent_circuit_of_a_replaced_app_is_gone_at_once_and_of_ones_own_it_is_the_dispatchers(
    parts: Parts, broker: FakeBroker
) -> None:
    open_circuit(parts, error_kind="broker_down")
    probe_due(parts.database)
    assert probe_apps(parts) == 0
    assert (len(circuits(parts.database)), broker.calls) == (1, [])
    newer, asked = replaced(parts)
    assert probe_apps(newer) == 0
    assert (circuits(parts.database), asked.calls) == ([], [])


def test_a_worker_that_still_lacks_the_variables_leaves_its_circuit_open(parts: Parts) -> None:
    open_circuit(parts, broker="schwab", app=NOT_CONFIGURED)
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert (len(circuits(parts.database)), kinds(parts.database)) == (1, [])


def test_a_circuit_of_a_broker_that_is_not_known_any_more_goes(parts: Parts) -> None:
    open_circuit(parts, broker="gone")
    probe_due(parts.database, late_by=ABANDONED)
    assert probe_apps(parts) == 1
    assert circuits(parts.database) == []


def test_without_the_key_no_circuit_is_touched(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_circuit(parts)
    probe_due(parts.database, late_by=ABANDONED)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    newer, _ = replaced(parts)
    assert probe_apps(newer) == 0
    assert len(circuits(parts.database)) == 1


def test_a_connection_in_the_middle_of_a_run_is_left_as_it_is(parts: Parts) -> None:
    open_circuit(parts)
    at_work = a_connection(parts.database, claim_id=uuid.uuid4())
    stored = connection_row(parts.database, at_work)
    with parts.database.session() as session:
        session.merge(stored).claim_until = stored.login_expires_at
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert connection_row(parts.database, at_work).next_sync_at == stored.next_sync_at
