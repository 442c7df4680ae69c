"""Live messages about one user, heard as any subscriber hears them: by pattern, from before the login is linked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.client import PubSub

from brokersync import live
from brokersync.live import Document


class Listener:
    """`heard` are channel and version of all messages so far, in order."""

    def __init__(self, subscription: PubSub, user_id: str) -> None:
        self._subscription = subscription
        self._user_id = user_id
        self.heard: list[tuple[str, int]] = []

    def next(self, wait: float) -> Document | None:
        """The next message, or None when none came within `wait` seconds. Raises `redis.RedisError`."""
        message = self._subscription.get_message(ignore_subscribe_messages=True, timeout=wait)
        document = None if message is None else live.parsed(message["data"])
        if message is None or document is None or document["user_id"] != self._user_id:
            return None
        self.heard.append((message["channel"], document["version"]))
        return document

    def has_heard(self, account_ids: set[str]) -> bool:
        """Whether balances and positions of all these accounts were heard."""
        channels = {channel for channel, _ in self.heard}
        return channels >= {f"live_data:{kind}:{account_id}" for kind in live.KINDS for account_id in account_ids}


@contextmanager
def listening(redis_url: str, user_id: str) -> Iterator[Listener]:
    """Subscribe; the block starts when Redis has confirmed it. Raises `redis.RedisError`."""
    with live.connect(redis_url) as client, client.pubsub() as subscription:
        subscription.psubscribe(*live.PATTERNS)
        for _ in live.PATTERNS:
            subscription.get_message(timeout=live.CONNECT_SECONDS)
        yield Listener(subscription, user_id)
