"""Following the live data through whatever happens to Redis: a restart, one that hangs, one that comes back empty."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from brokersync import live
from brokersync.live import Document

LISTEN_SECONDS = 0.5
CHECK_SECONDS = 5.0
"""Between two looks at when the accounts were confirmed; each also asks Redis for a sign of life."""
SILENCE_SECONDS = 12.0
"""Two signs of life that did not come: then Redis, or the way to it, hangs."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0
"""Seconds between two tries to reach it again: a restart takes one, and nobody waits longer than the other for news."""
EVENTS_REMEMBERED = 1000
"""So as to know one that is sent again, which mostly happens within seconds."""
BATCH = 100
"""Accounts whose documents are read in one command, so that a large installation is not read in one answer."""


@dataclass(frozen=True)
class Heard:
    """A document that is newer than what was heard before."""

    document: Document


@dataclass(frozen=True)
class Happened:
    """A connection event that was not heard before."""

    document: Document


@dataclass(frozen=True)
class Checked:
    """When the broker last confirmed each account, by its id; without those of which Redis knows nothing."""

    times: Mapping[str, datetime]


@dataclass(frozen=True)
class RedisAway:
    """Redis cannot be used since then. `why` completes the sentence "Redis …"."""

    since: datetime
    why: str


@dataclass(frozen=True)
class RedisBack:
    """Redis can be used again. What came meanwhile is heard next."""

    since: datetime


Event = Heard | Happened | Checked | RedisAway | RedisBack


class Following:
    """What happens to the accounts of which `know` was told, to all others that are `wanted`, and to connections whose
    events are `concerning`.
    """

    def __init__(self, url: str, wanted: Callable[[Document], bool], concerning: Callable[[Document], bool]) -> None:
        self._url = url
        self._wanted = wanted
        self._concerning = concerning
        self._known: frozenset[str] = frozenset()
        self._versions: dict[tuple[str, str], int] = {}
        self._happened: deque[str] = deque(maxlen=EVENTS_REMEMBERED)
        self._heard_at: datetime | None = None

    def know(self, account_ids: Iterable[str]) -> None:
        """Follow these accounts from what stands on Redis. May be called while another thread takes events."""
        self._known |= frozenset(account_ids)

    def events(self) -> Iterator[Event]:
        """First the documents that stand there, then what is new, for ever.

        A version or connection event that was heard is passed over: publishing is at least once. A connection event that
        was published while we could not use Redis is not heard: it stands nowhere there. A Redis that could be used and
        then cannot is an event, told again only for another reason; one that cannot be used from the start raises
        `redis.RedisError`.
        """
        away: RedisAway | None = None
        wait = FIRST_WAIT
        while True:
            try:
                for event in self._connected():
                    if away is not None:
                        yield RedisBack(away.since)
                        away, wait = None, FIRST_WAIT
                    yield event
            except redis.RedisError as error:
                if self._heard_at is None:
                    raise
                why = why_away(error)
                if away is None or away.why != why:
                    away = RedisAway(self._heard_at if away is None else away.since, why)
                    yield away
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _connected(self) -> Iterator[Event]:
        """Events for as long as one connection lasts; one that was lost is never mended behind our back."""
        with (
            live.connect(self._url, Retry(NoBackoff(), 0)) as client,
            live.subscribed(client, live.EVENTS) as subscription,
        ):
            # Says whether it can be read: a Redis that loads its data takes subscriptions already.
            client.ping()
            self._alive()
            read: frozenset[str] = frozenset()
            check_at = time.monotonic()
            silent_at = check_at + SILENCE_SECONDS
            while True:
                unread, read = self._known - read, self._known
                yield from self._news(_latest(client, sorted(unread)))
                if unread or time.monotonic() >= check_at:
                    yield Checked(_checked(client, sorted(read)))
                    subscription.ping()
                    check_at = time.monotonic() + CHECK_SECONDS
                message = subscription.get_message(ignore_subscribe_messages=True, timeout=LISTEN_SECONDS)
                if message is not None:
                    self._alive()
                    silent_at = time.monotonic() + SILENCE_SECONDS
                    yield from self._published(message)
                elif time.monotonic() > silent_at:
                    raise redis.TimeoutError("nothing was heard from it")

    def _alive(self) -> None:
        self._heard_at = datetime.now(UTC)

    def _published(self, message: Mapping[str, Any]) -> Iterator[Heard | Happened]:
        if message["type"] != "pmessage":
            return
        if message["pattern"] != live.EVENTS:
            yield from self._news([message["data"]])
            return
        try:
            document = live.parsed_event(message["data"])
        except live.NotADocument:
            return
        if self._concerning(document) and document["event_id"] not in self._happened:
            self._happened.append(document["event_id"])
            yield Happened(document)

    def _news(self, texts: Iterable[str]) -> Iterator[Heard]:
        for text in texts:
            try:
                document = live.parsed(text)
            except live.NotADocument:
                continue
            key = (document["account_id"], document["kind"])
            if self._wanted(document) and document["version"] > self._versions.get(key, 0):
                self._versions[key] = document["version"]
                yield Heard(document)


def why_away(error: redis.RedisError) -> str:
    """Completes the sentence "Redis …"."""
    if isinstance(error, redis.BusyLoadingError):
        return "is still loading its data"
    if isinstance(error, redis.AuthenticationError):
        return "does not take our login any more"
    return f"refuses: {error}" if isinstance(error, redis.ResponseError) else "does not answer"


def _latest(client: redis.Redis, account_ids: Iterable[str]) -> Iterator[str]:
    for batch in _batches(account_ids):
        texts = client.mget([f"live_data:latest:{kind}:{account_id}" for account_id in batch for kind in live.KINDS])
        yield from (str(text) for text in texts if text is not None)


def _checked(client: redis.Redis, account_ids: Iterable[str]) -> dict[str, datetime]:
    times = {}
    for batch in _batches(account_ids):
        texts = client.mget([f"live_data:checked:{account_id}" for account_id in batch])
        known = ((account_id, text) for account_id, text in zip(batch, texts, strict=True) if text is not None)
        times.update({account_id: datetime.fromisoformat(json.loads(str(text))) for account_id, text in known})
    return times


def _batches(account_ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(account_ids)
    while batch := list(islice(left, BATCH)):
        yield batch
