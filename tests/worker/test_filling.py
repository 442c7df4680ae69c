"""An emptied Redis is filled once, by one at a time, whatever happens meanwhile."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
import redis

from models.session import STATEMENT_TIMEOUT
from tests.models.snapshots import write
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account
from tests.worker.live import stream, version
from worker import filling, limits, pending
from worker.filling import EPOCH, TURN
from worker.messages import Message
from worker.parts import Parts
from worker.pending import publish_pending

pytestmark = pytest.mark.servers

Publish = Callable[[list[Message]], dict[uuid.UUID, int]]


@pytest.fixture
def ids(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """Six accounts with one version each, in the order they are sent in: three batches of two."""
    monkeypatch.setattr(pending, "_BATCH", 2)
    connection_id = a_connection(parts.database)
    ids = sorted(an_account(parts.database, connection_id, f"{NUMBER}{number}") for number in range(6))
    write(parts.database, *[(account_id, a_snapshot(NUMBER, a_position())) for account_id in ids])
    return ids


def is_filled(client: redis.Redis) -> bool:
    return (client.get(EPOCH) or "").startswith("filled ")


def sent(client: redis.Redis) -> list[str]:
    return [account_id for account_id, *_ in stream(client)]


def before_each_batch(parts: Parts, monkeypatch: pytest.MonkeyPatch, does: Callable[[int], object]) -> None:
    """Call `does(number)` before the first, second … batch is sent."""
    publish: Publish = parts.publisher.publish
    numbers = iter(range(1, 1000))

    def wrapped(messages: list[Message]) -> dict[uuid.UUID, int]:
        does(next(numbers))
        return publish(messages)

    monkeypatch.setattr(parts.publisher, "publish", wrapped)


def test_a_refill_sends_everything_once_and_then_nothing(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID]
) -> None:
    assert publish_pending(parts) == 6
    assert sent(redis_client) == [str(account_id) for account_id in ids]
    assert is_filled(redis_client)
    assert redis_client.get(TURN) is None
    assert publish_pending(parts) == 0


def test_a_tick_during_a_refill_starts_no_other_and_the_refill_ends(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks: list[int] = []
    before_each_batch(parts, monkeypatch, lambda _: ticks.append(publish_pending(parts)))
    assert publish_pending(parts) == 6
    assert ticks == [0, 0, 0]
    assert len(sent(redis_client)) == 6
    assert is_filled(redis_client)


def test_of_many_that_begin_at_once_one_fills(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    together, others_are_done = Barrier(4), Event()
    before_each_batch(parts, monkeypatch, lambda _: others_are_done.wait(10))

    def tick() -> int:
        together.wait()
        count = publish_pending(parts)
        others_are_done.set()
        return count

    with ThreadPoolExecutor(4) as pool:
        counts = [done.result() for done in [pool.submit(tick) for _ in range(4)]]
    assert sorted(counts) == [0, 0, 0, 6]
    assert is_filled(redis_client)


def test_a_refill_that_is_too_slow_goes_on_where_it_got(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PUBLISH_DEADLINE", timedelta(0))
    assert [publish_pending(parts) for _ in range(3)] == [2, 2, 2]
    assert not is_filled(redis_client)
    assert sent(redis_client) == [str(account_id) for account_id in ids]
    assert publish_pending(parts) == 0
    assert is_filled(redis_client)


def test_a_refill_whose_every_batch_outlasts_its_turn_ends_nevertheless(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    before_each_batch(parts, monkeypatch, lambda _: redis_client.delete(TURN))
    assert [publish_pending(parts) for _ in range(4)] == [2, 2, 2, 0]
    assert is_filled(redis_client)


def test_a_refill_whose_process_died_is_taken_over_where_it_got(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "HELD_FOR", timedelta(milliseconds=300))
    # What a process that is killed leaves behind: a mark, and a turn that nobody gives back.
    dead = parts.publisher.filling.turn()
    turn = dead.__enter__()
    assert turn is not None
    parts.publisher.filling.reached(turn, ids[1])
    assert publish_pending(parts) == 0
    end = time.monotonic() + 5
    while redis_client.exists(TURN):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert publish_pending(parts) == 4
    assert sent(redis_client) == [str(account_id) for account_id in ids[2:]]
    assert is_filled(redis_client)


def test_a_turn_is_renewed_with_each_batch(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    def look(_: int) -> None:
        left.append(redis_client.pttl(TURN))
        redis_client.pexpire(TURN, 1000)

    before_each_batch(parts, monkeypatch, look)
    assert publish_pending(parts) == 6
    whole = filling.HELD_FOR / timedelta(milliseconds=1)
    assert [whole - 1000 < each <= whole for each in left] == [True] * 3


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_redis_that_is_emptied_while_it_is_filled_is_filled_again(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    before_each_batch(parts, monkeypatch, lambda number: number == at and redis_client.flushdb())
    publish_pending(parts)
    assert not is_filled(redis_client)
    assert publish_pending(parts) == 6
    assert is_filled(redis_client)
    assert [version(redis_client, account_id) for account_id in ids] == ["1"] * 6


def test_who_was_overtaken_after_a_flush_neither_ends_the_new_refill_nor_moves_it(
    parts: Parts, redis_client: redis.Redis
) -> None:
    filling = parts.publisher.filling
    with filling.turn() as old:
        assert old is not None
        redis_client.flushdb()
        with filling.turn() as new:
            assert new is not None
            mark = redis_client.get(EPOCH)
            assert filling.reached(old, uuid.UUID(int=7)) is False
            filling.finish(old)
            assert redis_client.get(EPOCH) == mark
            assert filling.reached(new, uuid.UUID(int=7)) is True
    assert redis_client.get(EPOCH) != mark


def test_who_lost_the_turn_does_not_give_back_that_of_another(parts: Parts, redis_client: redis.Redis) -> None:
    filling = parts.publisher.filling
    with filling.turn():
        redis_client.delete(TURN)
        other = filling.turn()
        other.__enter__()
    with filling.turn() as third:
        assert third is None


def test_a_mark_that_cannot_be_read_is_no_proof_that_anything_was_sent(
    parts: Parts, redis_client: redis.Redis, ids: list[uuid.UUID]
) -> None:
    for mark in ("", "filled", "filling 1", "something else"):
        redis_client.set(EPOCH, mark)
        assert publish_pending(parts) == 6


def test_the_last_batch_of_a_run_ends_before_the_watchdog_would_end_the_process() -> None:
    watchdog = limits.SYNC_DEADLINE + limits.WATCHDOG_GRACE
    assert watchdog > limits.PUBLISH_DEADLINE + 2 * STATEMENT_TIMEOUT
