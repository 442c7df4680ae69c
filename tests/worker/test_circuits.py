"""A broker that refuses the app: one circuit and one event, and nobody asks it again before the probe."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.exc import OperationalError

from brokers.errors import AccessRefused, AppMisconfigured, BadAnswer, BrokerDown, BrokerError, LoginEnded, RateLimited
from models.connection import Status
from models.sealing import keyring
from settings import Settings
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant, a_snapshot, an_account, an_answer
from tests.worker.opened import app_events, circuits, dispatched, kinds, open_circuit, probe_in, the_circuit
from tests.worker.stored import connection_row, events, make_due, put, runs, wait_left
from worker import failures
from worker.circuits import NOT_CONFIGURED
from worker.demand import sync_account
from worker.outcomes import CannotSync, Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

REFUSED = AppMisconfigured("POST /token", "the app was refused")
ENDING = timedelta(seconds=30)


def kind_of_failure(parts: Parts, connection_id: uuid.UUID, trigger: str = "demand") -> str:
    with pytest.raises(SyncFailed) as raised:
        sync_connection(parts, connection_id, trigger)
    return raised.value.kind


def another_worker(parts: Parts, broker: FakeBroker) -> Parts:
    return Parts(Settings(), parts.database, parts.publisher, {}, random=lambda: 0.5, brokers={"fake": broker})


def test_of_fifty_connections_refused_at_once_comes_one_circuit_and_one_event(parts: Parts, broker: FakeBroker) -> None:
    ids = [a_connection(parts.database) for _ in range(50)]
    together = Barrier(50)

    def refuse() -> BrokerError:
        together.wait(20)
        return REFUSED

    broker.will("fetch", refuse)
    broker.will("check_app", REFUSED)
    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(lambda each: kind_of_failure(parts, each), ids)) == {"app_misconfigured"}
    circuit = the_circuit(parts.database)
    assert (circuit.broker, circuit.error_kind, circuit.error_text) == ("fake", "app_misconfigured", str(REFUSED))
    assert broker.app not in circuit.app
    assert broker.called("check_app") == 1, "asked once for all of them"
    (event,) = app_events(parts.database)
    assert (event.kind, event.broker, event.actor) == ("app_refused", "fake", "worker")
    assert event.details == {"reason": str(REFUSED), "action": "Ask the fake broker."}

    calls = len(broker.calls)
    for connection_id in ids:
        stored = connection_row(parts.database, connection_id)
        assert (stored.status, stored.last_error_kind) == (Status.ACTIVE, "app_misconfigured")
        make_due(parts.database, connection_id)
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.DEFERRED
    assert dispatched(parts) == 0
    assert len(broker.calls) == calls


def test_a_refused_refresh_opens_the_circuit_and_its_connection_waits_for_the_first_probe(
    parts: Parts, broker: FakeBroker
) -> None:
    connection_id = a_connection(parts.database, lasts=ENDING)
    broker.will("refresh", REFUSED)
    broker.will("check_app", REFUSED)
    assert kind_of_failure(parts, connection_id) == "app_misconfigured"
    assert the_circuit(parts.database).probes == 0
    assert timedelta(seconds=55) < probe_in(parts.database) <= timedelta(minutes=1)
    assert timedelta(seconds=55) < wait_left(parts.database, connection_id) <= timedelta(minutes=1)
    assert events(parts.database, connection_id) == []


@pytest.mark.parametrize(
    "error",
    [
        AccessRefused("GET /accounts", "refused"),
        LoginEnded("POST /token", "ended"),
        RateLimited("POST /token", "too many"),
        BadAnswer("POST /token", "nonsense"),
        BrokerDown("POST /token", "a page"),
    ],
)
def test_what_is_not_about_the_app_opens_no_circuit(parts: Parts, broker: FakeBroker, error: BrokerError) -> None:
    broker.will("fetch", error)
    broker.will("refresh", a_grant(2))
    kind_of_failure(parts, a_connection(parts.database))
    assert (circuits(parts.database), app_events(parts.database)) == ([], [])


def test_failure_circuit_and_event_are_written_together_or_not_at_all(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    connection_id = a_connection(parts.database)
    broker.will("fetch", REFUSED)
    broker.will("check_app", REFUSED)
    monkeypatch.setattr(failures, "record_failed", break_down)
    kind_of_failure(parts, connection_id)
    assert (circuits(parts.database), app_events(parts.database)) == ([], [])
    assert connection_row(parts.database, connection_id).last_error_kind is None


@pytest.mark.parametrize(("the_app", "opened"), [(None, 0), (BrokerDown("POST /token", "a page"), 0), (REFUSED, 1)])
@pytest.mark.parametrize("failures", [0, 1])
def test_a_login_is_believed_about_the_app_only_if_the_app_is_refused_alone(
    parts: Parts, broker: FakeBroker, the_app: BrokerError | None, opened: int, failures: int
) -> None:
    connection_id = a_connection(parts.database, consecutive_failures=failures)
    broker.will("fetch", REFUSED)
    broker.will("check_app", the_app)
    kind_of_failure(parts, connection_id)
    assert (len(circuits(parts.database)), broker.called("check_app")) == (opened, 1)
    waits = timedelta(minutes=1) if opened else timedelta(minutes=15)
    assert waits - ENDING < wait_left(parts.database, connection_id) <= waits


def test_a_queued_message_asks_nobody_and_leaves_the_connection_as_due_as_it_was(
    parts: Parts, broker: FakeBroker
) -> None:
    connection_id, message = a_connection(parts.database, lasts=ENDING), uuid.uuid4()
    now = connection_row(parts.database, connection_id)
    put(parts.database, connection_id, claim_id=message, claim_until=now.login_expires_at)
    open_circuit(parts)
    result = sync_connection(parts, connection_id, "schedule", str(message))
    stored = connection_row(parts.database, connection_id)
    assert (result.outcome, broker.calls) == (Outcome.DEFERRED, [])
    assert (stored.claim_id, stored.claim_until) == (None, None), "free to go as soon as the app is taken"
    assert (stored.next_sync_at, stored.unfinished_attempts, stored.status) == (now.next_sync_at, 0, Status.ACTIVE)
    assert runs(parts.database, connection_id) == []
    assert probe_in(parts.database) > timedelta(minutes=9), "no schedule brings the probe forward"


def test_what_is_asked_for_is_deferred_and_brings_the_probe_forward(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_connection(parts.database)
    account_id = an_account(parts.database, connection_id)
    open_circuit(parts)
    assert sync_account(parts, account_id, True, None)["outcome"] == "deferred"
    assert timedelta(seconds=-5) < probe_in(parts.database) <= timedelta(0)
    assert broker.calls == []


def test_who_may_not_be_synced_at_all_is_told_so_while_the_app_is_refused(parts: Parts) -> None:
    open_circuit(parts)
    paused = a_connection(parts.database, status=Status.PAUSED)
    with pytest.raises(CannotSync, match="is paused"):
        sync_connection(parts, paused, "demand")


def test_only_the_connections_of_that_broker_are_passed_over(parts: Parts) -> None:
    open_circuit(parts)
    a_connection(parts.database)
    other = a_connection(parts.database, broker="another")
    assert dispatched(parts) == 1
    assert connection_row(parts.database, other).claim_id is not None


def test_a_worker_that_starts_again_finds_the_circuit_open(parts: Parts, broker: FakeBroker) -> None:
    broker.will("fetch", REFUSED)
    broker.will("check_app", REFUSED)
    connection_id = a_connection(parts.database)
    kind_of_failure(parts, connection_id)
    make_due(parts.database, connection_id)
    asked = FakeBroker()
    again = another_worker(parts, asked)
    assert dispatched(again) == 0
    assert sync_connection(again, connection_id, "demand").outcome is Outcome.DEFERRED
    assert asked.calls == []


def test_an_app_that_was_replaced_binds_nobody(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts)
    connection_id = a_connection(parts.database)
    broker.app = "another-app-key"
    broker.will("fetch", an_answer(a_snapshot()))
    assert dispatched(parts) == 1
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK


def test_a_second_app_that_is_refused_is_told_of_as_well(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts)
    broker.app = "another-app-key"
    broker.will("fetch", REFUSED)
    broker.will("check_app", REFUSED)
    kind_of_failure(parts, a_connection(parts.database))
    assert (len(circuits(parts.database)), kinds(parts.database)) == (2, ["app_refused"])


def test_a_broker_that_was_silent_and_now_refuses_the_app_is_told_of(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts, error_kind="broker_down", probes=7)
    broker.will("fetch", REFUSED)
    broker.will("check_app", REFUSED)
    kind_of_failure(parts, a_connection(parts.database))
    circuit = the_circuit(parts.database)
    assert (circuit.error_kind, circuit.probes, circuit.probed_at) == ("app_misconfigured", 0, None)
    assert kinds(parts.database) == ["app_refused"]


def test_of_a_worker_without_the_brokers_variables_one_event_tells_and_others_go_on(
    parts: Parts, broker: FakeBroker
) -> None:
    bare = another_worker(parts, broker)
    bare.brokers.clear()
    ids = [a_connection(parts.database, broker="schwab") for _ in range(3)]
    kind_of_failure(bare, ids[0])
    for connection_id in ids[1:]:
        assert sync_connection(bare, connection_id, "demand").outcome is Outcome.DEFERRED
    assert the_circuit(parts.database).app == NOT_CONFIGURED
    (event,) = app_events(parts.database)
    assert event.details["reason"].startswith("Set SCHWAB_CLIENT_ID, SCHWAB_CLIENT_SECRET")
    assert "start it again" in event.details["action"]
    for connection_id in ids:
        make_due(parts.database, connection_id)
    assert dispatched(bare) == 0
    parts.brokers["schwab"] = broker
    assert dispatched(parts) == 3


def test_without_the_key_of_the_installation_nobody_is_held_back(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_circuit(parts)
    a_connection(parts.database)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    assert dispatched(another_worker(parts, broker)) == 1, "the sync then says what is wrong with the key"
