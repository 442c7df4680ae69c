"""One script: keys, stream and pub/sub together, and only what is newer."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Timer

import pytest
import redis

from tests.worker.live import heard, latest, parsed, stream, version
from tests.worker.test_messages import account
from worker import limits
from worker import publisher as publishing
from worker.messages import Message, snapshot_message
from worker.publisher import ERASED, Publisher

pytestmark = pytest.mark.servers

ID = uuid.UUID(int=6)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def publisher(redis_url: str) -> Iterator[Publisher]:
    publisher = Publisher(redis_url)
    yield publisher
    publisher.close()


def a_message(number: int, at: datetime = NOON, account_id: uuid.UUID = ID) -> Message:
    return snapshot_message(account(account_id=account_id, version=number, cash=Decimal(number)), [], at)


def checked(client: redis.Redis) -> str | None:
    return client.get(f"live_data:checked:{ID}")


def test_a_first_message_is_kept_streamed_and_heard(publisher: Publisher, redis_client: redis.Redis) -> None:
    with heard(redis_client) as messages:
        assert publisher.publish([a_message(1)]) == {ID: 1}
    assert dict(messages) == {
        f"live_data:{kind}:{ID}": redis_client.get(f"live_data:latest:{kind}:{ID}")
        for kind in ("balances", "positions")
    }
    assert latest(redis_client, "balances", ID)["cash"] == 1
    assert latest(redis_client, "positions", ID)["positions"] == []
    assert version(redis_client, ID) == "1"
    assert checked(redis_client) == '"2026-11-20T12:00:00.000000Z"'
    assert stream(redis_client) == [(str(ID), "1", "snapshot")]


def test_the_same_message_twice_is_sent_once(publisher: Publisher, redis_client: redis.Redis) -> None:
    publisher.publish([a_message(1)])
    with heard(redis_client) as messages:
        assert publisher.publish([a_message(1)]) == {ID: 1}
    assert messages == []
    assert len(stream(redis_client)) == 1


def test_an_older_version_changes_nothing(publisher: Publisher, redis_client: redis.Redis) -> None:
    publisher.publish([a_message(10)])
    with heard(redis_client) as messages:
        assert publisher.publish([a_message(9, NOON + timedelta(minutes=5))]) == {ID: 10}
    assert parsed(checked(redis_client)) == "2026-11-20T12:00:00.000000Z"
    assert (messages, latest(redis_client, "balances", ID)["version"]) == ([], 10)


def test_a_version_may_be_skipped(publisher: Publisher, redis_client: redis.Redis) -> None:
    assert [publisher.publish([a_message(number)]) for number in (2, 10)] == [{ID: 2}, {ID: 10}]
    assert latest(redis_client, "balances", ID)["version"] == 10


def test_a_check_alone_moves_only_the_check(publisher: Publisher, redis_client: redis.Redis) -> None:
    publisher.publish([a_message(1)])
    with heard(redis_client) as messages:
        assert publisher.publish([Message(ID, 1, NOON + timedelta(minutes=5))]) == {ID: 1}
    assert (messages, version(redis_client, ID)) == ([], "1")
    assert parsed(checked(redis_client)) == "2026-11-20T12:05:00.000000Z"


@pytest.mark.parametrize("standing", [0, 1, 3, 10])
def test_a_check_of_another_version_than_the_one_there_moves_nothing(
    publisher: Publisher, redis_client: redis.Redis, standing: int
) -> None:
    if standing:
        publisher.publish([a_message(standing)])
    before = checked(redis_client)
    assert publisher.publish([Message(ID, 2, NOON + timedelta(minutes=5))]) == {ID: standing}
    assert checked(redis_client) == before


def test_the_check_moves_forward_only(publisher: Publisher, redis_client: redis.Redis) -> None:
    publisher.publish([a_message(1)])
    publisher.publish([Message(ID, 1, NOON - timedelta(seconds=1))])
    publisher.publish([a_message(2, NOON - timedelta(seconds=1))])
    assert parsed(checked(redis_client)) == "2026-11-20T12:00:00.000000Z"
    assert version(redis_client, ID) == "2"


def test_many_accounts_are_one_round_trip_each_with_its_own_keys(
    publisher: Publisher, redis_client: redis.Redis
) -> None:
    ids = [uuid.UUID(int=number) for number in range(1, 201)]
    before = redis_client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
    publisher.publish([a_message(1)])
    standing = publisher.publish([a_message(number, account_id=one) for number, one in enumerate(ids, 2)])
    assert standing == {one: number for number, one in enumerate(ids, 2)}
    assert redis_client.info("commandstats")["cmdstat_evalsha"]["calls"] - before <= 3
    assert [latest(redis_client, "balances", one)["cash"] for one in ids] == list(range(2, 202))


def test_nothing_to_send_sends_nothing(publisher: Publisher, redis_client: redis.Redis) -> None:
    assert publisher.publish([]) == {}
    assert redis_client.dbsize() == 0


def test_the_stream_is_bounded(
    publisher: Publisher, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "STREAM_LENGTH", 100)
    publisher.publish([a_message(1, account_id=uuid.UUID(int=number)) for number in range(1, 601)])
    # Whole nodes of a hundred entries go at once.
    assert 100 <= len(stream(redis_client)) <= 200


def test_what_is_forgotten_leaves_no_document(publisher: Publisher, redis_client: redis.Redis) -> None:
    publisher.publish([a_message(1), a_message(1, account_id=uuid.UUID(int=7))])
    publisher.forget([ID])
    publisher.forget([])
    assert (
        latest(redis_client, "balances", ID) is latest(redis_client, "positions", ID) is checked(redis_client) is None
    )
    assert latest(redis_client, "balances", uuid.UUID(int=7)) is not None


def test_what_was_erased_does_not_come_back_with_a_message_that_was_under_way(
    publisher: Publisher, redis_client: redis.Redis
) -> None:
    publisher.publish([a_message(1)])
    publisher.forget([ID])
    with heard(redis_client) as messages:
        assert publisher.publish([a_message(2)]) == {ID: ERASED}
        assert publisher.publish([Message(ID, 1, NOON)]) == {ID: ERASED}
    assert messages == []
    assert (
        latest(redis_client, "balances", ID) is latest(redis_client, "positions", ID) is checked(redis_client) is None
    )


def test_what_was_erased_is_refused_longer_than_anything_under_way_lasts(
    publisher: Publisher, redis_client: redis.Redis
) -> None:
    publisher.forget([ID])
    under_way = max(limits.CLAIM, limits.SYNC_DEADLINE + limits.WATCHDOG_GRACE)
    assert redis_client.ttl(f"live_data:version:{ID}") > 2 * under_way.total_seconds()


def test_what_was_not_erased_after_all_is_taken_again(publisher: Publisher, redis_client: redis.Redis) -> None:
    publisher.forget([ID, uuid.UUID(int=7)])
    publisher.expect_again([])
    publisher.expect_again([ID])
    assert publisher.publish([a_message(1), a_message(1, account_id=uuid.UUID(int=7))]) == {
        ID: 1,
        uuid.UUID(int=7): ERASED,
    }


def test_a_redis_that_is_not_there_is_an_error_within_seconds() -> None:
    publisher = Publisher("redis://127.0.0.1:1/0")
    with pytest.raises(redis.ConnectionError):
        publisher.publish([a_message(1)])
    publisher.close()


def test_a_redis_that_takes_a_call_and_never_answers_is_an_error_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert publishing._WAIT_SECONDS <= 5
    monkeypatch.setattr(publishing, "_WAIT_SECONDS", 0.2)
    silent = socket.create_server(("127.0.0.1", 0))
    # The end of the server is what ends a call that has no limit.
    end = Timer(3, silent.close)
    end.start()
    publisher = Publisher(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
    began = time.monotonic()
    with pytest.raises(redis.TimeoutError):
        publisher.publish([a_message(1)])
    assert time.monotonic() - began < 2
    publisher.close()
    end.cancel()
    silent.close()
