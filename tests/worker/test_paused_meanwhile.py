"""A person pauses a connection while a run is at it."""

from __future__ import annotations

import uuid

import pytest

from brokers.errors import BrokerDown
from brokers.records import Snapshot
from brokersync.pausing import pause, resume
from models.connection import Status
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_connection, a_snapshot, an_account, an_answer
from tests.worker.stored import connection_row, runs
from worker.outcomes import Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers


def now_paused(database: Database, connection_id: uuid.UUID) -> None:
    with database.session() as session:
        pause(session, connection_id)


@pytest.mark.parametrize("then_resumed", [False, True])
def test_a_run_at_work_stores_nothing_and_does_not_end_the_pause(
    parts: Parts, broker: FakeBroker, then_resumed: bool
) -> None:
    database = parts.database
    connection_id = a_connection(database)
    an_account(database, connection_id)

    def meanwhile() -> Snapshot:
        now_paused(database, connection_id)
        if then_resumed:
            with database.session() as session:
                resume(session, connection_id)
        return an_answer(a_snapshot())

    broker.will("fetch", meanwhile)
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.SUPERSEDED
    row = connection_row(database, connection_id)
    assert (row.status, row.checked_at) == (Status.ACTIVE if then_resumed else Status.PAUSED, None)
    assert [run.outcome for run in runs(database, connection_id)] == ["superseded"]


def test_a_run_that_fails_meanwhile_does_not_end_the_pause(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_connection(parts.database)
    an_account(parts.database, connection_id)

    def meanwhile() -> Snapshot:
        now_paused(parts.database, connection_id)
        raise BrokerDown("GET /accounts", "503")

    broker.will("fetch", meanwhile)
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    row = connection_row(parts.database, connection_id)
    assert (row.status, row.next_sync_at, row.consecutive_failures) == (Status.PAUSED, None, 0)
