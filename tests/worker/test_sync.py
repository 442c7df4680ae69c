"""The pipeline, from the claim to the rows."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.records import ComeBack, Snapshot
from models.connection import Status
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row, held, row_versions
from tests.records import (
    ANOTHER_NUMBER,
    CREDENTIALS,
    NUMBER,
    a_connection,
    a_position,
    a_snapshot,
    an_account,
    an_answer,
)
from tests.worker.stored import connection_row, make_due, put, runs, wait_left
from worker.outcomes import CannotSync, Outcome, SyncResult
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database)


def sync(parts: Parts, connection_id: uuid.UUID, *accounts: object) -> SyncResult:
    """Sync with that answer."""
    assert isinstance(parts.brokers["fake"], FakeBroker)
    parts.brokers["fake"].will("fetch", an_answer(*accounts))
    return sync_connection(parts, connection_id, "demand", "some-task")


def test_the_pipeline_imports_no_celery() -> None:
    program = "import sys, worker.sync; sys.exit('celery' in sys.modules or 'kombu' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_first_sync_fills_accounts_and_positions(parts: Parts, connection_id: uuid.UUID) -> None:
    result = sync(parts, connection_id, a_snapshot(NUMBER, a_position()), a_snapshot(ANOTHER_NUMBER))
    assert result.outcome is Outcome.OK
    assert [(account.outcome, account.version) for account in result.accounts] == [(Outcome.OK, 1)] * 2
    first, second = (account_row(parts.database, account.account_id) for account in result.accounts)
    assert (first.number, first.masked, first.net_liq) == (NUMBER, "…452", Decimal("19046.56"))
    assert second.number == ANOTHER_NUMBER
    assert set(held(parts.database, first.id)) == {"F"}


def test_a_sync_records_its_run(parts: Parts, connection_id: uuid.UUID) -> None:
    result = sync(parts, connection_id, a_snapshot(NUMBER, a_position("F"), a_position("GE")))
    (run,) = runs(parts.database, connection_id)
    assert (run.id, run.trigger, run.task_id, run.outcome) == (result.run_id, "demand", "some-task", "ok")
    assert run.accounts == [account.as_json() for account in result.accounts]
    assert (run.rows_changed, run.error_kind, run.error_text) == (3, None, None)
    assert run.started_at <= run.finished_at


def test_a_sync_makes_the_connection_due_after_its_interval(parts: Parts, connection_id: uuid.UUID) -> None:
    put(parts.database, connection_id, consecutive_failures=4, last_error_kind="unreachable", last_error_text="x")
    sync(parts, connection_id, a_snapshot())
    stored = connection_row(parts.database, connection_id)
    assert timedelta(minutes=4, seconds=50) < wait_left(parts.database, connection_id) <= timedelta(minutes=5)
    assert (stored.claim_id, stored.unfinished_attempts, stored.consecutive_failures) == (None, 0, 0)
    assert (stored.last_error_kind, stored.last_error_text) == (None, None)
    assert stored.checked_at is not None
    assert stored.last_success_at is not None


def test_the_same_answer_twice_writes_no_account_and_no_position(parts: Parts, connection_id: uuid.UUID) -> None:
    answer = a_snapshot(NUMBER, a_position())
    sync(parts, connection_id, answer)
    before, first = row_versions(parts.database), connection_row(parts.database, connection_id)
    result = sync(parts, connection_id, answer)
    assert result.outcome is Outcome.UNCHANGED
    assert row_versions(parts.database) == before
    stored = connection_row(parts.database, connection_id)
    assert first.checked_at is not None
    assert stored.checked_at is not None
    assert stored.checked_at > first.checked_at
    assert runs(parts.database, connection_id)[-1].rows_changed == 0


def test_a_changed_answer_raises_the_version_by_one(parts: Parts, connection_id: uuid.UUID) -> None:
    sync(parts, connection_id, a_snapshot(NUMBER, a_position(quantity="700")))
    result = sync(parts, connection_id, a_snapshot(NUMBER, a_position(quantity="650")))
    assert [(account.outcome, account.version) for account in result.accounts] == [(Outcome.OK, 2)]


def test_a_sold_position_disappears(parts: Parts, connection_id: uuid.UUID) -> None:
    sync(parts, connection_id, a_snapshot(NUMBER, a_position("F"), a_position("GE")))
    result = sync(parts, connection_id, a_snapshot(NUMBER, a_position("GE")))
    assert result.accounts[0].account_id is not None
    assert set(held(parts.database, result.accounts[0].account_id)) == {"GE"}


def test_an_account_that_appears_later_is_added(parts: Parts, connection_id: uuid.UUID) -> None:
    first = sync(parts, connection_id, a_snapshot(NUMBER))
    second = sync(parts, connection_id, a_snapshot(NUMBER), a_snapshot(ANOTHER_NUMBER))
    assert second.outcome is Outcome.OK
    assert second.accounts[0].account_id == first.accounts[0].account_id
    assert second.accounts[1].version == 1


def test_no_session_is_open_while_the_broker_is_asked(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    seen: list[int] = []

    def look() -> Snapshot:
        seen.append(parts.database.engine.pool.checkedout())
        return an_answer(a_snapshot())

    broker.will("fetch", look)
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    assert seen == [0]


def test_data_are_as_old_as_the_question_not_as_the_answer(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    asked: list[object] = []

    def look() -> Snapshot:
        with parts.database.session() as session:
            asked.append(session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one())
        time.sleep(0.1)
        return an_answer(a_snapshot())

    broker.will("fetch", look)
    result = sync_connection(parts, connection_id, "demand")
    assert result.accounts[0].account_id is not None
    fetched_at = account_row(parts.database, result.accounts[0].account_id).fetched_at
    (run,) = runs(parts.database, connection_id)
    assert fetched_at is not None
    assert run.started_at <= fetched_at <= asked[0] < run.finished_at


def test_two_calls_at_a_time_are_one_sync_and_one_busy(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    other: list[SyncResult] = []

    def ask_again() -> Snapshot:
        other.append(sync_connection(parts, connection_id, "demand"))
        return an_answer(a_snapshot())

    broker.will("fetch", ask_again)
    result = sync_connection(parts, connection_id, "demand")
    assert other == [SyncResult(connection_id, Outcome.BUSY, result.run_id)]
    assert result.outcome is Outcome.OK
    assert wait_left(parts.database, connection_id) <= timedelta(0), "what was asked meanwhile is due at once"


def test_a_broker_that_prepares_its_report_is_asked_again_with_its_state(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", ComeBack(wait=timedelta(seconds=40), state={"report": "r-1"}), an_answer(a_snapshot()))
    result = sync_connection(parts, connection_id, "demand")
    assert result.outcome is Outcome.DEFERRED
    assert timedelta(seconds=35) < wait_left(parts.database, connection_id) <= timedelta(seconds=40)
    stored = connection_row(parts.database, connection_id)
    assert (stored.fetch_state, stored.claim_id, stored.consecutive_failures) == ({"report": "r-1"}, None, 0)
    assert stored.fetch_state_sealed is not None
    assert "r-1" not in stored.fetch_state_sealed
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    assert broker.states == [None, {"report": "r-1"}]
    assert connection_row(parts.database, connection_id).fetch_state is None
    assert [run.outcome for run in runs(parts.database, connection_id)] == ["deferred", "ok"]


def test_a_scheduled_message_whose_claim_is_gone_asks_nobody(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_connection(parts.database)
    put(parts.database, connection_id, next_sync_at=None)
    result = sync_connection(parts, connection_id, "schedule", str(uuid.uuid4()))
    assert (result.outcome, broker.calls) == (Outcome.SUPERSEDED, [])
    assert runs(parts.database, connection_id) == []


@pytest.mark.parametrize("status", [Status.PAUSED, Status.REAUTH_REQUIRED, Status.DISCONNECTED])
def test_what_nobody_may_sync_asks_nobody(parts: Parts, broker: FakeBroker, status: Status) -> None:
    connection_id = a_connection(parts.database, status=status)
    with pytest.raises(CannotSync):
        sync_connection(parts, connection_id, "demand")
    assert broker.calls == []


def test_one_account_is_synced_alone_and_the_others_keep_their_cadence(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    account_id = an_account(parts.database, connection_id)
    other = an_account(parts.database, connection_id, ANOTHER_NUMBER)
    put(
        parts.database,
        connection_id,
        next_sync_at=connection_row(parts.database, connection_id).login_at + timedelta(minutes=2),
    )
    broker.will("fetch_account", a_snapshot(NUMBER, a_position()))
    result = sync_account(parts, connection_id, account_id)
    assert [(account.account_id, account.version) for account in result.accounts] == [(account_id, 1)]
    assert broker.calls == [("fetch_account", CREDENTIALS)]
    assert timedelta(minutes=1, seconds=50) < wait_left(parts.database, connection_id) < timedelta(minutes=2)
    assert connection_row(parts.database, connection_id).checked_at is None
    assert account_row(parts.database, other).version == 0


def test_an_overdue_connection_is_still_due_after_one_account(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    account_id = an_account(parts.database, connection_id)
    make_due(parts.database, connection_id)
    broker.will("fetch_account", a_snapshot())
    sync_account(parts, connection_id, account_id)
    assert wait_left(parts.database, connection_id) <= timedelta(0)
