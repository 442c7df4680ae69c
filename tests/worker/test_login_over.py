"""A login that is over by our clock: the broker is asked, and its answer is the truth."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func

from brokers.errors import LoginEnded
from models.connection import Status
from tests.fakes import FakeBroker
from tests.records import CREDENTIALS, a_connection, a_grant, a_snapshot, an_answer
from tests.worker.stored import connection_row, put, put_credential
from worker.outcomes import SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers


@pytest.fixture
def connection_id(parts: Parts, broker: FakeBroker) -> uuid.UUID:
    """A login that is over by our clock, whose access token would be good for a while."""
    broker.will("fetch", an_answer(a_snapshot()))
    connection_id = a_connection(parts.database)
    over = func.now() - timedelta(minutes=1)
    put(parts.database, connection_id, login_expires_at=over)
    put_credential(parts.database, connection_id, refreshed_at=over - timedelta(minutes=5))
    return connection_id


def test_the_broker_is_asked_and_its_no_is_believed(parts: Parts, broker: FakeBroker, connection_id: uuid.UUID) -> None:
    broker.will("refresh", LoginEnded("POST /token", "the broker ended this login"))
    with pytest.raises(SyncFailed, match="login_ended"):
        sync_connection(parts, connection_id, "demand")
    assert broker.calls == [("refresh", CREDENTIALS)]
    assert connection_row(parts.database, connection_id).status == Status.REAUTH_REQUIRED


def test_the_brokers_yes_wins_over_our_clock_and_is_not_asked_for_again(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("refresh", a_grant(2))
    for _ in range(3):
        sync_connection(parts, connection_id, "demand")
    assert (broker.called("refresh"), broker.called("fetch")) == (1, 3)
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE
