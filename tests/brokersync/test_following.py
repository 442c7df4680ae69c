from __future__ import annotations

import uuid
from datetime import datetime

import pytest
import redis

from brokersync import following
from brokersync.following import Checked, Happened, Heard
from tests.brokersync.followed import (
    ACCOUNT,
    AT,
    an_event,
    followed,
    next_but_checks,
    store,
    text,
    versions,
    wait_shortly,
)

pytestmark = pytest.mark.servers


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
    redis_client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_shortly(monkeypatch)
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


def test_connection_events_are_heard_as_they_come_each_once(redis_client: redis.Redis, redis_url: str) -> None:
    _, events = followed(redis_url)
    next(events)
    for text_ in (an_event("1"), an_event("1"), "hello", text(1), an_event("2")):
        redis_client.publish("live_data:connections:42", text_)
    heard = [next_but_checks(events) for _ in range(2)]
    assert all(isinstance(each, Happened) for each in heard)
    assert [each.document["event_id"] for each in heard if isinstance(each, Happened)] == ["1", "2"]


def test_only_events_of_connections_that_are_asked_for_are_heard(redis_client: redis.Redis, redis_url: str) -> None:
    _, events = followed(redis_url, concerning=lambda event: event["user_id"] == "42")
    next(events)
    redis_client.publish("live_data:connections:43", an_event("1", user_id="43"))
    redis_client.publish("live_data:connections:42", an_event("2"))
    heard = next_but_checks(events)
    assert isinstance(heard, Happened)
    assert heard.document["event_id"] == "2"
