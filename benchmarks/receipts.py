"""When subscribers hear of what was committed, by the clock of this machine."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import redis
from sqlalchemy import text

from models.session import Database

_CHANNEL = "live_data:positions:"
_END = "live_data:end-of-receipts"
_COMMITTED = text("SELECT id, extract(epoch FROM committed_at)::float8 AS at FROM accounts WHERE id = ANY(:ids)")


@contextmanager
def noted(redis_url: str) -> Iterator[dict[uuid.UUID, float]]:
    """Whose positions a subscriber receives meanwhile and when (seconds since 1970); complete when the block ends."""
    received: dict[uuid.UUID, float] = {}
    with redis.Redis.from_url(redis_url, decode_responses=True) as client, client.pubsub() as subscriber:
        subscriber.psubscribe("live_data:*")
        subscriber.get_message(timeout=5)

        def listen() -> None:
            for message in subscriber.listen():
                now, channel = time.time(), message["channel"]
                if channel == _END:
                    return
                if channel.startswith(_CHANNEL):
                    received[uuid.UUID(channel.removeprefix(_CHANNEL))] = now

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield received
        finally:
            # One's own message comes after all others: when it is here, they are.
            client.publish(_END, "")
            listener.join()


def delays_ms(database: Database, received: Mapping[uuid.UUID, float]) -> list[float]:
    """From each account's `committed_at`, which is written a moment before the COMMIT itself, to the receipt."""
    with database.session() as session:
        committed = {row.id: row.at for row in session.execute(_COMMITTED, {"ids": list(received)})}
    return [(at - committed[account_id]) * 1000 for account_id, at in received.items()]
