"""Hours do not bind a login whose time is over, until the broker has said whether it has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from brokers.errors import BrokerDown
from models.connection import Connection, Credential
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_grant
from tests.worker.stored import wait_left
from tests.worker.test_watch_logins_over import MINUTE, SECOND, over_since, tokens_from, watched
from worker.backoff import LONGEST_RETRY_AFTER
from worker.limits import CLOCK_SKEW
from worker.outcomes import Outcome, SyncFailed
from worker.parts import Parts
from worker.release import release
from worker.schedule import in_hours
from worker.sync import sync_connection

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    ("since", "issued", "bound"),
    [
        (MINUTE, -2 * MINUTE, False),
        (MINUTE, -SECOND, True),
        (CLOCK_SKEW - SECOND, -MINUTE, True),
        (-MINUTE, -2 * MINUTE, True),
    ],
)
@pytest.mark.parametrize("failures", [0, 1])
def test_hours_bind_no_login_whose_time_is_over_until_the_broker_has_issued_tokens_since(
    database: Database, since: timedelta, issued: timedelta, bound: bool, failures: int
) -> None:
    connection_id = over_since(database, since, consecutive_failures=failures)
    tokens_from(database, connection_id, issued)
    with database.session() as session:
        connection = session.get_one(Connection, connection_id)
        now = session.scalars(select(func.now())).one()
        assert (in_hours(connection, now) > now) == bound


def test_one_that_finds_another_process_at_its_login_does_not_wait_for_its_hours(
    parts: Parts, broker: FakeBroker
) -> None:
    connection_id = over_since(parts.database, MINUTE)
    watched(parts.database)
    with parts.database.session() as session:
        session.get_one(Credential, connection_id, with_for_update={"key_share": True})
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.DEFERRED
    assert wait_left(parts.database, connection_id) <= MINUTE


def test_one_whose_app_is_accepted_again_does_not_wait_for_its_hours(parts: Parts) -> None:
    connection_id = over_since(parts.database, MINUTE)
    watched(parts.database)
    with parts.database.session() as session:
        assert release(session, "fake", ["app_misconfigured"], 120) == 1
    assert wait_left(parts.database, connection_id) <= MINUTE


def test_a_failure_after_the_broker_took_the_login_waits_for_its_hours(parts: Parts, broker: FakeBroker) -> None:
    connection_id = over_since(parts.database, MINUTE)
    watched(parts.database)
    broker.will("refresh", a_grant())
    broker.will("fetch", BrokerDown("GET /accounts", "status 503"))
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert wait_left(parts.database, connection_id) > LONGEST_RETRY_AFTER
