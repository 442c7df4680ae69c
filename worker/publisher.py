"""Live data on Redis: what other programs subscribe to and read."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import redis

from worker.filling import Filling
from worker.messages import Message, check_document

STREAM = "live_data:stream"
STREAM_LENGTH = 10_000
"""Some hours of a busy installation: who was away longer starts from the latest documents."""
ERASED = -1
"""What stands on Redis of an account whose data are erased."""

_SCRIPT = (Path(__file__).parent / "publish.lua").read_text()
_ERASED_FOR = timedelta(minutes=10)
"""How long an erased account refuses messages: longer than any run or refill that may still hold its data."""
_WAIT_SECONDS = 5
"""A publish is one script of microseconds; an answer that takes longer means that Redis is in trouble."""


class Publisher:
    """Sends messages in one round trip. Raises `redis.RedisError`; what was not sent is sent by `publish_pending`.

    `filling` says whose turn it is to send what is missing.
    """

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_WAIT_SECONDS,
            socket_connect_timeout=_WAIT_SECONDS,
            health_check_interval=25,
            decode_responses=True,
        )
        self._script = self._redis.register_script(_SCRIPT)
        self.filling = Filling(self._redis)

    def publish(self, messages: Sequence[Message]) -> dict[uuid.UUID, int]:
        """Send what is newer than what is there; the version that stands on Redis then, `ERASED` for an erased account.

        Less than the message's where that one has no documents: then its check did not move either. More where
        somebody sent a newer one.
        """
        if not messages:
            return {}
        keys: list[str] = [STREAM]
        args: list[str | int | bytes] = [STREAM_LENGTH]
        for message in messages:
            keys += account_keys(message.account_id)
            args += [
                str(message.account_id),
                message.version,
                check_document(message.checked_at),
                message.balances or b"",
                message.positions or b"",
            ]
        standing = self._script(keys=keys, args=args)
        return {message.account_id: int(version) for message, version in zip(messages, standing, strict=True)}

    def announce(self, documents: Sequence[tuple[str, bytes]]) -> None:
        """Tell who follows a user's connections: user id and document of each event, in their order, in one round trip."""
        with self._redis.pipeline(transaction=False) as commands:
            for user_id, document in documents:
                commands.publish(f"live_data:connections:{user_id}", document)
            commands.execute()

    def forget(self, account_ids: Sequence[uuid.UUID]) -> None:
        """Remove the documents of accounts whose data are erased, and refuse what is under way of them."""
        with self._redis.pipeline() as commands:
            for account_id in account_ids:
                version, *documents = account_keys(account_id)
                commands.set(version, "erased", ex=_ERASED_FOR)
                commands.delete(*documents)
            commands.execute()

    def expect_again(self, account_ids: Sequence[uuid.UUID]) -> None:
        """Take messages of these accounts again: they were forgotten, and then not erased after all."""
        if account_ids:
            self._redis.delete(*[account_keys(account_id)[0] for account_id in account_ids])

    def close(self) -> None:
        self._redis.close()


def account_keys(account_id: uuid.UUID) -> list[str]:
    """Version, latest balances, latest positions, last check: in the script's order."""
    return [
        f"live_data:version:{account_id}",
        f"live_data:latest:balances:{account_id}",
        f"live_data:latest:positions:{account_id}",
        f"live_data:checked:{account_id}",
    ]
