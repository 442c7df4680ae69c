"""What is on Redis for an account, and what its subscribers heard."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import redis


def parsed(document: str | None) -> Any:
    """A document with exact numbers."""
    return None if document is None else json.loads(document, parse_float=Decimal, parse_int=Decimal)


def latest(client: redis.Redis, kind: str, account_id: uuid.UUID) -> Any:
    return parsed(client.get(f"live_data:latest:{kind}:{account_id}"))


def version(client: redis.Redis, account_id: uuid.UUID) -> str | None:
    return client.get(f"live_data:version:{account_id}")


def stream(client: redis.Redis) -> list[tuple[str, str, str]]:
    """The stream's entries as account, version, kind."""
    return [(entry["account_id"], entry["version"], entry["kind"]) for _, entry in client.xrange("live_data:stream")]


@contextmanager
def heard(client: redis.Redis) -> Iterator[list[tuple[str, str]]]:
    """Channel and content of every message that is published meanwhile; filled when the block ends."""
    messages: list[tuple[str, str]] = []
    with client.pubsub(ignore_subscribe_messages=True) as subscriber:
        subscriber.psubscribe("live_data:*")
        subscriber.get_message(timeout=1)
        yield messages
        # One's own message comes after all others: when it is here, they are.
        client.publish("live_data:end", "")
        for message in subscriber.listen():
            if message["channel"] == "live_data:end":
                return
            messages.append((message["channel"], message["data"]))
