"""What stands on Redis and what stands in the database do not belong together: one of them came back from the past."""

from __future__ import annotations

import logging
import uuid
from decimal import Decimal

import pytest
import redis

from tests.fakes import FakeBroker
from tests.models.snapshots import NOON, account_row, write
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account, an_answer
from tests.worker.live import latest
from worker.messages import Message
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.pending import note_published, publish_pending
from worker.sync import sync_connection

pytestmark = pytest.mark.servers


def came_back(client: redis.Redis, documents: dict[str, str]) -> None:
    """As a Redis does that was restored, or replaced by one that lagged behind: with what stood on it then."""
    client.mset(documents)


def documents_of(client: redis.Redis, account_id: uuid.UUID) -> dict[str, str]:
    keys = sorted(client.scan_iter(f"live_data:*:{account_id}"))
    return dict(zip(keys, client.mget(keys), strict=True))


def test_old_data_that_came_back_are_not_confirmed_but_replaced(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis
) -> None:
    connection_id = a_connection(parts.database)
    old, new = a_snapshot(NUMBER, a_position(quantity="700")), a_snapshot(NUMBER, a_position(quantity="1"))
    broker.will("fetch", an_answer(old), an_answer(new))
    account_id = sync_connection(parts, connection_id, "demand").accounts[0].account_id
    assert account_id is not None
    publish_pending(parts)
    before = documents_of(redis_client, account_id)
    sync_connection(parts, connection_id, "demand")
    came_back(redis_client, before)
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.UNCHANGED
    assert documents_of(redis_client, account_id) == before, "the check moved over data that are not those checked"
    assert account_row(parts.database, account_id).published_version == 0
    assert publish_pending(parts) == 1
    assert latest(redis_client, "positions", account_id)["positions"][0]["qty"] == 1
    assert redis_client.get(f"live_data:checked:{account_id}") > before[f"live_data:checked:{account_id}"]
    assert account_row(parts.database, account_id).published_version == 2
    assert publish_pending(parts) == 0


def test_an_account_that_redis_lost_alone_is_sent_again(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis
) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(a_snapshot()))
    account_id = sync_connection(parts, connection_id, "demand").accounts[0].account_id
    assert account_id is not None
    publish_pending(parts)
    redis_client.delete(*documents_of(redis_client, account_id))
    sync_connection(parts, connection_id, "demand")
    assert documents_of(redis_client, account_id) == {}
    assert publish_pending(parts) == 1
    assert len(documents_of(redis_client, account_id)) == 4


def test_data_newer_than_the_database_are_told_and_left(
    parts: Parts, broker: FakeBroker, redis_client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(a_snapshot()))
    account_id = sync_connection(parts, connection_id, "demand").accounts[0].account_id
    assert account_id is not None
    publish_pending(parts)
    redis_client.set(f"live_data:version:{account_id}", "9")
    before = documents_of(redis_client, account_id)
    with caplog.at_level(logging.WARNING, "worker.pending"):
        sync_connection(parts, connection_id, "demand")
    ((message, accounts),) = [(record.message, record.accounts) for record in caplog.records]
    assert (message, accounts) == ("live data newer than the database, left as they are", 1)
    assert documents_of(redis_client, account_id) == before
    assert publish_pending(parts) == 0


def test_a_version_that_another_run_published_first_is_no_reason_to_warn(
    parts: Parts, redis_client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    account_id = an_account(parts.database, a_connection(parts.database))
    for cash in (1, 2):
        write(parts.database, (account_id, a_snapshot(balances={"cash": Decimal(cash)})))
    late = Message(account_id, 1, NOON, b"{}", b"{}")
    with caplog.at_level(logging.WARNING, "worker.pending"):
        assert note_published(parts.database, [late], {account_id: 2}) == 1
    assert caplog.records == []
    assert account_row(parts.database, account_id).published_version == 1
