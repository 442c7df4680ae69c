"""Ending a connection."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from brokers.records import Snapshot
from models.account import Account, AccountCheck, Position
from models.connection import Connection, Credential, Status
from models.run import SyncRun
from models.session import Database
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_answer
from tests.worker.live import latest, version
from tests.worker.stored import connection_row, events, runs
from worker.disconnect import disconnect
from worker.outcomes import CannotSync, Outcome
from worker.parts import Parts
from worker.pending import publish_pending
from worker.publisher import Publisher
from worker.sync import sync_connection

pytestmark = pytest.mark.servers


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database)


@pytest.fixture
def account_id(parts: Parts, broker: FakeBroker, connection_id: uuid.UUID) -> uuid.UUID:
    """An account that was synced and published."""
    broker.will("fetch", an_answer(a_snapshot(NUMBER, a_position())))
    account_id = sync_connection(parts, connection_id, "demand").accounts[0].account_id
    assert account_id is not None
    return account_id


def rows(parts: Parts, *models: type) -> list[int]:
    with parts.database.session() as session:
        return [len(session.scalars(select(model)).all()) for model in models]


def test_the_login_is_forgotten_and_the_data_stay(
    parts: Parts, connection_id: uuid.UUID, account_id: uuid.UUID, redis_client: redis.Redis
) -> None:
    assert disconnect(parts, connection_id, erase=False) == {
        "connection_id": str(connection_id),
        "status": "disconnected",
        "erased": False,
        "revoked": False,
        "why_not_revoked": "Fake Broker has no call that withdraws a login",
    }
    stored = connection_row(parts.database, connection_id)
    assert (stored.status, stored.next_sync_at, stored.claim_id) == (Status.DISCONNECTED, None, None)
    assert rows(parts, Credential, Account, Position) == [0, 1, 1]
    assert latest(redis_client, "balances", account_id) is not None
    assert events(parts.database, connection_id) == ["disconnected"]
    with pytest.raises(CannotSync, match="brokersync link --repair"):
        sync_connection(parts, connection_id, "demand")


def test_doing_it_again_does_no_harm(parts: Parts, connection_id: uuid.UUID) -> None:
    disconnect(parts, connection_id, erase=False)
    disconnect(parts, connection_id, erase=False)
    assert events(parts.database, connection_id) == ["disconnected"]


def test_erasing_leaves_the_audit_trail_only(
    parts: Parts, connection_id: uuid.UUID, account_id: uuid.UUID, redis_client: redis.Redis
) -> None:
    disconnect(parts, connection_id, erase=False)
    assert disconnect(parts, connection_id, erase=True)["erased"] is True
    assert rows(parts, Connection, Credential, Account, AccountCheck, Position, SyncRun) == [0] * 6
    assert events(parts.database, connection_id) == ["disconnected", "disconnected"]
    assert [latest(redis_client, kind, account_id) for kind in ("balances", "positions")] == [None, None]
    assert redis_client.get(f"live_data:checked:{account_id}") is None


@pytest.fixture
def refreshing(parts: Parts, connection_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A refresh of the login holds its credentials and waits for the broker."""
    monkeypatch.setattr("models.session.LOCK_TIMEOUT", timedelta(milliseconds=200))
    with parts.database.session() as session:
        session.get_one(Credential, connection_id, with_for_update={"key_share": True})
        yield


@pytest.mark.parametrize("erase", [False, True])
def test_during_a_refresh_nothing_is_changed_and_the_answer_says_what_to_do(
    parts: Parts,
    broker: FakeBroker,
    account_id: uuid.UUID,
    connection_id: uuid.UUID,
    refreshing: None,
    redis_client: redis.Redis,
    erase: bool,
) -> None:
    before = redis_client.get(f"live_data:checked:{account_id}")
    with pytest.raises(CannotSync, match=r"a refresh of the login .* Try again in some seconds"):
        disconnect(parts, connection_id, erase)
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE
    assert rows(parts, Credential, Account) == [1, 1]
    assert version(redis_client, account_id) == "1"
    assert latest(redis_client, "balances", account_id) is not None
    broker.will("fetch", an_answer(a_snapshot(NUMBER, a_position())))
    sync_connection(parts, connection_id, "demand")
    assert redis_client.get(f"live_data:checked:{account_id}") > before


def fails_at_commit(database: Database) -> None:
    """The next commit is refused by the server, as one is whose connection it lost."""

    def refuse(_: object) -> None:
        event.remove(database.engine, "commit", refuse)
        raise OperationalError("COMMIT", None, Exception("server closed the connection unexpectedly"))

    event.listen(database.engine, "commit", refuse)


def test_data_whose_rows_were_not_erased_after_all_are_live_again_at_the_next_tick(
    parts: Parts,
    connection_id: uuid.UUID,
    account_id: uuid.UUID,
    redis_client: redis.Redis,
) -> None:
    publish_pending(parts)
    before = latest(redis_client, "positions", account_id)
    fails_at_commit(parts.database)
    with pytest.raises(OperationalError, match="server closed"):
        disconnect(parts, connection_id, erase=True)
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE
    assert latest(redis_client, "positions", account_id) is None
    assert publish_pending(parts) == 1
    assert latest(redis_client, "positions", account_id) == before


def test_data_that_could_not_be_restored_at_once_are_live_again_when_the_mark_runs_out(
    parts: Parts,
    broker: FakeBroker,
    connection_id: uuid.UUID,
    account_id: uuid.UUID,
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_pending(parts)
    fails_at_commit(parts.database)

    def redis_is_away(_: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(parts.publisher, "expect_again", redis_is_away)
    with pytest.raises(OperationalError, match="server closed"):
        disconnect(parts, connection_id, erase=True)
    broker.will("fetch", an_answer(a_snapshot(NUMBER, a_position(quantity="1"))))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    assert publish_pending(parts) == 0
    assert account_row(parts.database, account_id).published_version == 0
    # As when its ten minutes are over.
    redis_client.delete(f"live_data:version:{account_id}")
    assert publish_pending(parts) == 1
    assert version(redis_client, account_id) == "2"


def test_nothing_is_erased_when_redis_cannot_be_reached(
    parts: Parts, connection_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    working, parts.publisher = parts.publisher, Publisher("redis://127.0.0.1:1/0")
    with pytest.raises(redis.RedisError):
        disconnect(parts, connection_id, erase=True)
    parts.publisher.close()
    parts.publisher = working
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE
    assert rows(parts, Credential, Account) == [1, 1]


@pytest.mark.parametrize("erase", [False, True])
def test_a_run_at_work_commits_and_publishes_nothing(
    parts: Parts,
    broker: FakeBroker,
    connection_id: uuid.UUID,
    account_id: uuid.UUID,
    redis_client: redis.Redis,
    erase: bool,
) -> None:
    def disconnect_meanwhile() -> Snapshot:
        disconnect(parts, connection_id, erase)
        return an_answer(a_snapshot())

    broker.will("fetch", disconnect_meanwhile)
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.SUPERSEDED
    if erase:
        assert rows(parts, Connection, Account) == [0, 0]
    else:
        assert account_row(parts.database, account_id).version == 1
        assert [run.outcome for run in runs(parts.database, connection_id)] == ["ok", "superseded"]
        assert connection_row(parts.database, connection_id).status == Status.DISCONNECTED
        assert version(redis_client, account_id) == "1"
    assert publish_pending(parts) == (0 if erase else 1)


def test_a_connection_that_does_not_exist_cannot_be_disconnected(parts: Parts) -> None:
    with pytest.raises(CannotSync, match="There is no connection"):
        disconnect(parts, uuid.uuid4(), erase=False)
