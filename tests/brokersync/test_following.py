from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from redis.client import PubSub

from brokersync import following, live
from brokersync.following import Checked, Event, Following, Heard, RedisAway, RedisBack
from brokersync.live import Document
from tests.brokersync.own_redis import OwnRedis, own_redis

pytestmark = pytest.mark.servers

ACCOUNT = "6f1c03aa-0000-4000-8000-000000000002"
AT = "2026-03-02T15:00:01.500000Z"


def text(version: int, account_id: str = ACCOUNT, kind: str = "balances", user_id: str = "42") -> str:
    envelope = {"schema": 1, "kind": kind, "account_id": account_id, "user_id": user_id, "version": version}
    return json.dumps({**envelope, "connection_id": "c", "net_liq": 1.10})


def store(client: redis.Redis, version: int, account_id: str = ACCOUNT) -> None:
    """What the worker leaves on Redis of a version."""
    for kind in ("balances", "positions"):
        client.set(f"live_data:latest:{kind}:{account_id}", text(version, account_id, kind))
    client.set(f"live_data:checked:{account_id}", json.dumps(AT))


def everything(document: Document) -> bool:
    return True


def followed(url: str, *accounts: str, wanted: Any = everything) -> tuple[Following, Iterator[Event]]:
    live_data = Following(url, wanted)
    live_data.know(accounts)
    return live_data, live_data.events()


def versions(events: Iterator[Event], count: int) -> list[tuple[str, int]]:
    """Kind and version of the next documents; nothing but times of checks may come between them."""
    found: list[tuple[str, int]] = []
    while len(found) < count:
        event = next(events)
        assert isinstance(event, Heard | Checked)
        if isinstance(event, Heard):
            found.append((event.document["kind"], event.document["version"]))
    return found


def next_but_checks(events: Iterator[Event]) -> Event:
    return next(event for event in events if not isinstance(event, Checked))


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {
        "LISTEN_SECONDS": 0.05,
        "CHECK_SECONDS": 0.3,
        "SILENCE_SECONDS": 0.8,
        "FIRST_WAIT": 0.05,
    }.items():
        monkeypatch.setattr(following, name, seconds)


@pytest.fixture
def server(tmp_path: Path, short_waits: None) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as started:
        yield started


def test_what_is_there_comes_first_and_then_what_is_published(redis_client: redis.Redis, redis_url: str) -> None:
    store(redis_client, 2)
    _, events = followed(redis_url, ACCOUNT)
    assert versions(events, 2) == [("balances", 2), ("positions", 2)]
    redis_client.publish(f"live_data:balances:{ACCOUNT}", text(3))
    assert versions(events, 1) == [("balances", 3)]


def test_a_version_that_was_heard_is_passed_over(redis_client: redis.Redis, redis_url: str) -> None:
    store(redis_client, 2)
    _, events = followed(redis_url, ACCOUNT)
    versions(events, 2)
    for version in (2, 1, 3):
        redis_client.publish(f"live_data:balances:{ACCOUNT}", text(version))
    assert versions(events, 1) == [("balances", 3)]


def test_what_another_program_publishes_is_passed_over(redis_client: redis.Redis, redis_url: str) -> None:
    store(redis_client, 2)
    _, events = followed(redis_url, ACCOUNT)
    versions(events, 2)
    redis_client.publish(f"live_data:balances:{ACCOUNT}", "hello")
    redis_client.publish(f"live_data:balances:{ACCOUNT}", text(3))
    assert versions(events, 1) == [("balances", 3)]


def test_only_what_is_wanted_is_heard_also_of_accounts_that_are_new(redis_client: redis.Redis, redis_url: str) -> None:
    store(redis_client, 1)
    _, events = followed(redis_url, ACCOUNT, wanted=lambda document: document["user_id"] == "42")
    versions(events, 2)
    another = str(uuid.uuid4())
    redis_client.publish(f"live_data:balances:{uuid.uuid4()}", text(7, user_id="somebody else"))
    redis_client.publish(f"live_data:balances:{another}", text(1, another))
    heard = next_but_checks(events)
    assert isinstance(heard, Heard)
    assert heard.document["account_id"] == another


def test_an_account_that_becomes_known_is_read_at_once_from_what_stands_there(
    redis_client: redis.Redis, redis_url: str, short_waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "CHECK_SECONDS", 60)
    live_data, events = followed(redis_url)
    next(events)
    another = str(uuid.uuid4())
    store(redis_client, 4, another)
    live_data.know([another])
    assert versions(events, 2) == [("balances", 4), ("positions", 4)]
    assert next(events) == Checked({another: datetime.fromisoformat(AT)})


def test_many_accounts_are_read_in_several_commands(
    redis_client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BATCH", 2)
    accounts = [str(uuid.uuid4()) for _ in range(5)]
    for account_id in accounts:
        store(redis_client, 1, account_id)
    _, events = followed(redis_url, *accounts)
    assert len(versions(events, 10)) == 10
    checked = next(events)
    assert isinstance(checked, Checked)
    assert set(checked.times) == set(accounts)
    assert {f"{at:%Y-%m-%dT%H:%M:%S.%fZ}" for at in checked.times.values()} == {AT}


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
    redis_url: str, short_waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    redis_url: str, short_waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
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
