"""The live data on Redis as a subscriber gets them: messages, and the documents that stand there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import redis
from redis.client import PubSub
from redis.retry import Retry

PATTERNS = ("live_data:balances:*", "live_data:positions:*")
EVENTS = "live_data:connections:*"
KINDS = ("balances", "positions")
COUNTED = ("schema", "version")
"""The only numbers of a document that are counts; all others are amounts, exact decimals."""

ENVELOPE = frozenset({*COUNTED, "kind", "account_id", "connection_id", "user_id"})
"""What every document has; more fields may be added."""

EVENT_ENVELOPE = frozenset({"schema", "event", "event_id", "connection_id", "user_id", "broker", "at"})
"""What every connection event has."""

CONNECT_SECONDS = 5

Document = dict[str, Any]


def connect(url: str, retry: Retry | None = None) -> redis.Redis:
    """A client that gives up on what hangs. `retry` None: the library's own, which hides that a connection was lost."""
    more = {} if retry is None else {"retry": retry}
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
        health_check_interval=25,
        protocol=2,  # with the third version, redis-py takes a subscription's answer to a ping for nothing at all
        **more,
    )


class NotADocument(Exception):
    """Something else on a channel or under a key of the live data: another program shares this Redis."""


@contextmanager
def subscribed(client: redis.Redis, *more: str) -> Iterator[PubSub]:
    """Subscribe to all live data, and to `more` patterns. The block starts once Redis has confirmed it: from then on
    nothing is missed.

    Raises `redis.RedisError`.
    """
    patterns = (*PATTERNS, *more)
    with PubSub(client.connection_pool) as subscription:
        subscription.psubscribe(*patterns)
        for _ in patterns:
            if subscription.get_message(timeout=CONNECT_SECONDS) is None:
                raise redis.TimeoutError("the subscription was not confirmed")
        yield subscription


def parsed(text: str) -> Document:
    """A document with exact decimals. Raises `NotADocument`."""
    try:
        document: Document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        raise NotADocument from None
    if not isinstance(document, dict) or not document.keys() >= ENVELOPE:
        raise NotADocument
    return document | {name: int(document[name]) for name in COUNTED}


def parsed_event(text: str) -> Document:
    """A connection event; its numbers are counts. Raises `NotADocument`."""
    try:
        document: Document = json.loads(text)
        if not isinstance(document, dict) or not document.keys() >= EVENT_ENVELOPE:
            raise NotADocument
        times = [document["at"], *filter(None, [document.get("login_expires_at")])]
        if any(datetime.fromisoformat(each).tzinfo is None for each in times):
            raise NotADocument
    except (ValueError, TypeError):
        raise NotADocument from None
    return document
