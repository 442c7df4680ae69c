from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
import redis

from brokersync import live
from brokersync.live import Document

pytestmark = pytest.mark.servers

ACCOUNT = uuid.UUID("6f1c03aa-0000-4000-8000-000000000002")


def text(version: int, account_id: uuid.UUID = ACCOUNT, user_id: str = "42", kind: str = "balances") -> str:
    return json.dumps(
        {
            "schema": 1,
            "kind": kind,
            "account_id": str(account_id),
            "user_id": user_id,
            "version": version,
            "net_liq": 1.10,
            "cash": 700,
        }
    )


@pytest.fixture
def subscriber(redis_url: str) -> Iterator[redis.Redis]:
    with live.connect(redis_url) as client:
        yield client


def everything(document: Document) -> bool:
    return True


def test_what_is_there_comes_first_and_then_what_is_published(
    redis_client: redis.Redis, subscriber: redis.Redis
) -> None:
    redis_client.set(f"live_data:latest:balances:{ACCOUNT}", text(2))
    redis_client.set(f"live_data:latest:positions:{ACCOUNT}", text(2, kind="positions"))
    documents = live.documents(subscriber, [ACCOUNT], everything)
    assert [next(documents)["kind"] for _ in range(2)] == ["balances", "positions"]
    redis_client.publish(f"live_data:balances:{ACCOUNT}", text(3))
    assert next(documents)["version"] == 3


def test_a_version_that_was_there_already_is_passed_over(redis_client: redis.Redis, subscriber: redis.Redis) -> None:
    redis_client.set(f"live_data:latest:balances:{ACCOUNT}", text(2))
    documents = live.documents(subscriber, [ACCOUNT], everything)
    next(documents)
    for version in (2, 1, 3):
        redis_client.publish(f"live_data:balances:{ACCOUNT}", text(version))
    assert next(documents)["version"] == 3


def test_only_what_is_wanted_is_seen_also_of_accounts_that_are_new(
    redis_client: redis.Redis, subscriber: redis.Redis
) -> None:
    redis_client.set(f"live_data:latest:balances:{ACCOUNT}", text(1))
    documents = live.documents(subscriber, [ACCOUNT], lambda document: document["user_id"] == "42")
    next(documents)
    another = uuid.uuid4()
    redis_client.publish(f"live_data:balances:{uuid.uuid4()}", text(7, user_id="somebody else"))
    redis_client.publish(f"live_data:balances:{another}", text(1, account_id=another))
    assert next(documents)["account_id"] == str(another)


def test_amounts_are_exact_decimals_and_versions_whole_numbers() -> None:
    document = live.parsed(text(3))
    assert (document["version"], document["net_liq"], document["cash"]) == (3, Decimal("1.1"), Decimal(700))
    assert [type(document[name]) for name in ("version", "net_liq", "cash")] == [int, Decimal, Decimal]
