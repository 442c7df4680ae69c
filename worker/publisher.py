"""Live data on Redis: what other programs subscribe to and read."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import redis

from worker.messages import Message, check_document

STREAM = "live_data:stream"
STREAM_LENGTH = 10_000
"""Some hours of a busy installation: who was away longer starts from the latest documents."""
EPOCH = "live_data:epoch"

_SCRIPT = (Path(__file__).parent / "publish.lua").read_text()
_REPLACE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end"
_ERASED_FOR = timedelta(minutes=10)
"""How long an erased account refuses messages: longer than any run or refill that may still hold its data."""
_WAIT_SECONDS = 5
"""A publish is one script of microseconds; an answer that takes longer means that Redis is in trouble."""


class Publisher:
    """Sends messages in one round trip. Raises `redis.RedisError`; what was not sent is sent by `publish_pending`."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_WAIT_SECONDS,
            socket_connect_timeout=_WAIT_SECONDS,
            health_check_interval=25,
            decode_responses=True,
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._replace = self._redis.register_script(_REPLACE)

    def publish(self, messages: Sequence[Message]) -> int:
        """Send what is newer than what is there; how many accounts that were."""
        if not messages:
            return 0
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
        sent = self._script(keys=keys, args=args)
        return int(sent)

    def is_filled(self) -> bool:
        """Whether everything was published since Redis was last empty."""
        return str(self._redis.get(EPOCH)).startswith("filled")

    def begin_filling(self) -> str:
        """Mark that everything is about to be published. The mark is lost with the rest if Redis is emptied meanwhile."""
        mark = f"filling {uuid.uuid4()}"
        self._redis.set(EPOCH, mark)
        return mark

    def end_filling(self, mark: str) -> None:
        """Everything was published, unless Redis was emptied since `begin_filling`."""
        self._replace(keys=[EPOCH], args=[mark, mark.replace("filling", "filled", 1)])

    def forget(self, account_ids: Sequence[uuid.UUID]) -> None:
        """Remove the documents of accounts whose data are erased, and refuse what is under way of them."""
        with self._redis.pipeline() as commands:
            for account_id in account_ids:
                version, *documents = account_keys(account_id)
                commands.set(version, "erased", ex=_ERASED_FOR)
                commands.delete(*documents)
            commands.execute()

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
