"""Live messages, heard as any subscriber hears them: by pattern, from before the login is linked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from redis.client import PubSub

from brokersync import live
from brokersync.live import Document


class Listener:
    """`heard` are channel and version of all data so far, in order; `happened` the events that nobody took yet."""

    def __init__(self, subscription: PubSub) -> None:
        self._subscription = subscription
        self.heard: list[tuple[str, int]] = []
        self.happened: deque[Document] = deque()

    def next(self, wait: float) -> Document | None:
        """The next data, or None when none came within `wait` seconds, or an event. Raises `redis.RedisError`."""
        message = self._subscription.get_message(ignore_subscribe_messages=True, timeout=wait)
        if message is None:
            return None
        try:
            if message["pattern"] == live.EVENTS:
                self.happened.append(live.parsed_event(message["data"]))
                return None
            document = live.parsed(message["data"])
        except live.NotADocument:
            return None
        self.heard.append((message["channel"], document["version"]))
        return document


def channels(account_id: object) -> list[str]:
    """Where an account's messages are published."""
    return [f"live_data:{kind}:{account_id}" for kind in live.KINDS]


@contextmanager
def listening(redis_url: str) -> Iterator[Listener]:
    """Subscribe; the block starts when Redis has confirmed it. Raises `redis.RedisError`."""
    with live.connect(redis_url) as client, live.subscribed(client, live.EVENTS) as subscription:
        yield Listener(subscription)
