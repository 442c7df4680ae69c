"""The live data on Redis as a subscriber gets them: first the latest documents, then each newer one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import redis
from redis.client import PubSub

PATTERNS = ("live_data:balances:*", "live_data:positions:*")
KINDS = ("balances", "positions")
COUNTED = ("schema", "version")
"""The only numbers of a document that are counts; all others are amounts, exact decimals."""

CONNECT_SECONDS = 5
LOOK_SECONDS = 1.0

Document = dict[str, Any]


def connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, decode_responses=True, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=25
    )


def documents(
    client: redis.Redis, account_ids: Sequence[uuid.UUID], wanted: Callable[[Document], bool]
) -> Iterator[Document]:
    """The latest documents of these accounts, and then, for ever, what is published and `wanted`.

    A version that was there already is passed over: publishing is at least once. Raises `redis.RedisError`.
    """
    seen: dict[tuple[str, str], int] = {}
    for text in _latest_and_published(client, account_ids):
        document = parsed(text)
        key = (document["account_id"], document["kind"])
        if wanted(document) and document["version"] > seen.get(key, 0):
            seen[key] = document["version"]
            yield document


def parsed(text: str) -> Document:
    """A document with exact decimals."""
    document: Document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return document | {name: int(document[name]) for name in COUNTED}


def _latest_and_published(client: redis.Redis, account_ids: Sequence[uuid.UUID]) -> Iterator[str]:
    with PubSub(client.connection_pool) as subscription:
        subscription.psubscribe(*PATTERNS)
        # Only once the server has confirmed them can nothing be missed between the latest and the first published.
        for _ in PATTERNS:
            subscription.get_message(timeout=CONNECT_SECONDS)
        keys = [f"live_data:latest:{kind}:{account_id}" for account_id in account_ids for kind in KINDS]
        yield from (str(text) for text in (client.mget(keys) if keys else ()) if text is not None)
        while True:
            message = subscription.get_message(ignore_subscribe_messages=True, timeout=LOOK_SECONDS)
            if message is not None:
                yield message["data"]
