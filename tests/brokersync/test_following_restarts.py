"""Following through a Redis that is away for a while, hangs, or comes back empty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from redis.client import PubSub

from brokersync import following, live
from brokersync.following import Checked, RedisAway, RedisBack
from tests.brokersync.followed import (
    ACCOUNT,
    followed,
    next_but_checks,
    store,
    text,
    versions,
    wait_shortly,
)
from tests.brokersync.own_redis import OwnRedis, own_redis

pytestmark = pytest.mark.servers


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    wait_shortly(monkeypatch)
    with own_redis(tmp_path) as started:
        yield started


def test_a_redis_that_cannot_be_used_from_the_start_is_an_error(server: OwnRedis) -> None:
    _, events = followed(server.url.replace("redis://:", "redis://:not"))
    with pytest.raises(redis.AuthenticationError):
        next(events)
    server.kill()
    _, events = followed(server.url)
    with pytest.raises(redis.ConnectionError):
        next(events)


def test_a_restart_is_told_once_and_what_came_meanwhile_is_heard_after_it(server: OwnRedis) -> None:
    with server.client() as client:
        store(client, 2)
    _, events = followed(server.url, ACCOUNT)
    versions(events, 2)
    server.kill()
    away = next_but_checks(events)
    assert isinstance(away, RedisAway)
    assert away.why == "does not answer"
    server.start()
    with server.client() as client:
        store(client, 3)
    # Tries that failed in between are not told.
    assert next(events) == RedisBack(away.since)
    assert versions(events, 2) == [("balances", 3), ("positions", 3)]


def test_a_redis_that_came_back_empty_and_is_filled_again_brings_nothing_twice(server: OwnRedis) -> None:
    with server.client() as client:
        store(client, 2)
    _, events = followed(server.url, ACCOUNT)
    versions(events, 2)
    server.kill()
    assert isinstance(next_but_checks(events), RedisAway)
    server.start()
    assert isinstance(next(events), RedisBack)
    with server.client() as client:
        store(client, 2)
        for version in (2, 3):
            client.publish(f"live_data:balances:{ACCOUNT}", text(version))
    assert versions(events, 1) == [("balances", 3)]


def test_a_redis_on_which_nothing_happens_is_not_taken_for_one_that_hangs(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_shortly(monkeypatch)
    monkeypatch.setattr(following, "CHECK_SECONDS", 0.2)
    _, events = followed(redis_url, ACCOUNT)
    assert [type(next(events)) for _ in range(8)] == [Checked] * 8


def test_a_redis_that_hangs_is_noticed_though_its_connection_stands(
    server: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CONNECT_SECONDS", 0.5)
    _, events = followed(server.url, ACCOUNT)
    next(events)
    server.hang()
    try:
        away = next_but_checks(events)
        assert isinstance(away, RedisAway)
        assert away.why == "does not answer"
    finally:
        server.go_on()
    assert next_but_checks(events) == RedisBack(away.since)


def test_a_subscription_that_gives_no_sign_of_life_is_noticed_though_redis_answers(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_shortly(monkeypatch)
    monkeypatch.setattr(PubSub, "ping", lambda subscription: None)
    _, events = followed(redis_url, ACCOUNT)
    away = [event for event in islice(events, 8) if isinstance(event, RedisAway)]
    assert [event.why for event in away] == ["does not answer"]


class Unreachable:
    """The way to Redis: a connection that stands can be cut, and the next tries fail with these errors."""

    def __init__(self, client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits: list[float] = []
        self._client = client
        self._errors: list[redis.RedisError] = []
        self._connect = live.connect
        monkeypatch.setattr(live, "connect", self._tried)
        monkeypatch.setattr(following, "time", SimpleNamespace(sleep=self.waits.append, monotonic=time.monotonic))

    def cut(self, *errors: redis.RedisError) -> None:
        self._errors += errors
        self._client.client_kill_filter(_type="pubsub")

    def _tried(self, *arguments: Any) -> redis.Redis:
        if self._errors:
            raise self._errors.pop(0)
        return self._connect(*arguments)


def test_each_try_waits_longer_than_the_one_before_until_one_succeeds(
    redis_client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable = Unreachable(redis_client, monkeypatch)
    _, events = followed(redis_url, ACCOUNT)
    next(events)
    for failed in (5, 1):
        unreachable.waits.clear()
        unreachable.cut(*[redis.ConnectionError() for _ in range(failed)])
        assert [type(next_but_checks(events)) for _ in range(2)] == [RedisAway, RedisBack]
        assert unreachable.waits == [0.5, 1, 2, 4, 5, 5][: failed + 1]


def test_another_reason_why_redis_is_away_is_told_and_the_same_one_is_not(
    redis_client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable = Unreachable(redis_client, monkeypatch)
    _, events = followed(redis_url, ACCOUNT)
    next(events)
    unreachable.cut(redis.ConnectionError(), redis.BusyLoadingError(), redis.BusyLoadingError())
    away = next_but_checks(events)
    assert isinstance(away, RedisAway)
    assert [next(events), next(events)] == [RedisAway(away.since, "is still loading its data"), RedisBack(away.since)]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (redis.BusyLoadingError("LOADING"), "is still loading its data"),
        (redis.AuthenticationError("invalid password"), "does not take our login any more"),
        (redis.TimeoutError("…"), "does not answer"),
        (redis.ResponseError("no right to do that"), "refuses: no right to do that"),
    ],
)
def test_why_redis_is_away_is_told_in_words(error: redis.RedisError, why: str) -> None:
    assert following.why_away(error) == why
