"""What subscribers have not had is sent, and everything when Redis lost it."""

from __future__ import annotations

import time
import uuid
from decimal import Decimal

import pytest
import redis
from sqlalchemy import text

from models.account import Account
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row, statements, write
from tests.records import ANOTHER_NUMBER, NUMBER, a_connection, a_position, a_snapshot, an_account, an_answer
from tests.worker.live import heard, latest, stream, version
from worker import pending
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.pending import mark_published, publish_pending
from worker.publisher import Publisher
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def account_id(parts: Parts) -> uuid.UUID:
    return an_account(parts.database, a_connection(parts.database))


def stored(parts: Parts, count: int) -> list[uuid.UUID]:
    """That many accounts with one version each."""
    connection_id = a_connection(parts.database)
    ids = [an_account(parts.database, connection_id, f"{NUMBER}{number}") for number in range(count)]
    write(parts.database, *[(account_id, a_snapshot(NUMBER, a_position())) for account_id in ids])
    return ids


def test_a_sync_publishes_what_it_stored(parts: Parts, broker: FakeBroker, redis_client: redis.Redis) -> None:
    broker.will("fetch", an_answer(a_snapshot(NUMBER, a_position()), a_snapshot(ANOTHER_NUMBER)))
    with heard(redis_client) as messages:
        result = sync_connection(parts, a_connection(parts.database), "demand")
    ids = [account.account_id for account in result.accounts]
    assert {channel for channel, _ in messages} == {
        f"live_data:{kind}:{account_id}" for kind in ("balances", "positions") for account_id in ids
    }
    assert ids[0] is not None
    document = latest(redis_client, "positions", ids[0])
    assert (document["version"], document["positions"][0]["qty"]) == (1, 700)
    assert account_row(parts.database, ids[0]).published_version == 1


def test_a_refill_writes_the_same_documents_as_the_sync(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis
) -> None:
    broker.will("fetch", an_answer(a_snapshot(NUMBER, a_position("GE"), a_position("F"), balances={"equity": None})))
    result = sync_connection(parts, a_connection(parts.database), "demand")
    keys = sorted(redis_client.scan_iter("live_data:[lcv]*"))
    before = dict(zip(keys, redis_client.mget(keys), strict=True))
    assert len(before) == 4
    redis_client.flushdb()
    assert publish_pending(parts) == 1
    assert dict(zip(keys, redis_client.mget(keys), strict=True)) == before
    assert stream(redis_client) == [(str(result.accounts[0].account_id), "1", "snapshot")]


def test_an_unchanged_answer_moves_only_the_check(parts: Parts, broker: FakeBroker, redis_client: redis.Redis) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(a_snapshot()))
    account_id = sync_connection(parts, connection_id, "demand").accounts[0].account_id
    before = redis_client.get(f"live_data:checked:{account_id}")
    with heard(redis_client) as messages:
        sync_connection(parts, connection_id, "demand")
    after = redis_client.get(f"live_data:checked:{account_id}")
    assert messages == []
    assert before is not None
    assert after is not None
    assert after > before


def test_without_redis_the_sync_succeeds_and_is_published_later(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis
) -> None:
    publish_pending(parts)
    working, parts.publisher = parts.publisher, Publisher(NOWHERE)
    broker.will("fetch", an_answer(a_snapshot()))
    result = sync_connection(parts, a_connection(parts.database), "demand")
    account_id = result.accounts[0].account_id
    parts.publisher.close()
    parts.publisher = working
    assert result.outcome is Outcome.OK
    assert account_id is not None
    assert account_row(parts.database, account_id).published_version == 0
    assert publish_pending(parts) == 1
    assert version(redis_client, account_id) == "1"
    assert account_row(parts.database, account_id).published_version == 1


def test_a_run_that_lost_its_claim_publishes_nothing(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis, account_id: uuid.UUID
) -> None:
    connection_id = account_row(parts.database, account_id).connection_id

    def lose() -> object:
        with parts.database.session() as session:
            session.execute(text("UPDATE connections SET claim_id = gen_random_uuid()"))
        return an_answer(a_snapshot(NUMBER, a_position()))

    broker.will("fetch", lose)
    with heard(redis_client) as messages:
        result = sync_connection(parts, connection_id, "demand")
    assert (result.outcome, result.accounts, messages) == (Outcome.SUPERSEDED, (), [])
    assert account_row(parts.database, account_id).version == 0


def test_only_what_is_behind_is_sent(parts: Parts, redis_client: redis.Redis) -> None:
    first, second = stored(parts, 2)
    assert publish_pending(parts) == 2
    assert publish_pending(parts) == 0
    write(parts.database, (second, a_snapshot(NUMBER, balances={"cash": Decimal(1)})))
    with heard(redis_client) as messages:
        assert publish_pending(parts) == 1
    assert {channel.rpartition(":")[2] for channel, _ in messages} == {str(second)}
    assert (version(redis_client, first), version(redis_client, second)) == ("1", "2")


def test_an_account_that_was_never_fetched_is_not_sent(
    parts: Parts, redis_client: redis.Redis, account_id: uuid.UUID
) -> None:
    assert publish_pending(parts) == 0
    assert version(redis_client, account_id) is None


def test_everything_is_sent_however_many_batches_that_is(
    parts: Parts, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "_BATCH", 3)
    ids = stored(parts, 10)
    assert publish_pending(parts) == 10
    assert {latest(redis_client, "positions", account_id)["positions"][0]["symbol"] for account_id in ids} == {"F"}


def test_a_sync_of_what_did_not_change_notes_nothing(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis
) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    with statements(parts.database) as sent:
        sync_connection(parts, connection_id, "demand")
    assert [statement for statement in sent if "published_version=" in statement.replace(" ", "")] == []


def test_what_redis_refused_is_not_taken_for_published(parts: Parts, redis_client: redis.Redis) -> None:
    (account_id,) = stored(parts, 1)
    publish_pending(parts)
    write(parts.database, (account_id, a_snapshot()))
    parts.publisher.forget([account_id])
    assert publish_pending(parts) == 0
    assert account_row(parts.database, account_id).published_version == 0
    redis_client.delete(f"live_data:version:{account_id}")
    assert publish_pending(parts) == 1
    assert version(redis_client, account_id) == "2"


def test_a_mark_never_goes_back(parts: Parts, account_id: uuid.UUID) -> None:
    mark_published(parts.database, {account_id: 7})
    mark_published(parts.database, {account_id: 6})
    mark_published(parts.database, {})
    assert account_row(parts.database, account_id).published_version == 7


def test_what_redis_has_not_counts_as_never_published(parts: Parts, account_id: uuid.UUID) -> None:
    mark_published(parts.database, {account_id: 7})
    mark_published(parts.database, {account_id: 0})
    assert account_row(parts.database, account_id).published_version == 0


def test_marking_waits_for_nobody_who_writes_the_account(parts: Parts, account_id: uuid.UUID) -> None:
    other = an_account(parts.database, account_row(parts.database, account_id).connection_id, ANOTHER_NUMBER)
    with parts.database.session() as session:
        session.get_one(Account, account_id, with_for_update={"key_share": True})
        began = time.monotonic()
        mark_published(parts.database, {account_id: 7, other: 7})
        assert time.monotonic() - began < 1
    assert account_row(parts.database, account_id).published_version == 0
    assert account_row(parts.database, other).published_version == 7


def test_documents_are_in_utc_whatever_the_time_zone_of_the_server(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis
) -> None:
    engine = parts.database.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET timezone TO 'Asia/Tokyo'")
    engine.dispose()
    try:
        broker.will("fetch", an_answer(a_snapshot()))
        result = sync_connection(parts, a_connection(parts.database), "demand")
    finally:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} RESET timezone")
        engine.dispose()
    account_id = result.accounts[0].account_id
    assert account_id is not None
    fetched_at = account_row(parts.database, account_id).fetched_at
    assert fetched_at is not None
    expected = fetched_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert redis_client.get(f"live_data:checked:{account_id}") == f'"{expected}"'
    assert latest(redis_client, "balances", account_id)["fetched_at"] == expected
