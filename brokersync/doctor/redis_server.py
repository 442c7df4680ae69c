"""Redis: reachable, writable, new enough, and never throwing away what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from brokersync.doctor import clocks
from brokersync.doctor.findings import Finding, fault, note, ok, warning
from brokersync.doctor.redis_refusals import refusal
from brokersync.places import place

CHECK = "Redis"
SECONDS = 3
KEEPS = "noeviction"
OLDEST = (5, 0)
"""The first with streams, and with scripts that may call TIME before they write."""

SAMPLE = 500
"""Keys that are looked at for strangers: one round trip."""

CLIENTS = 50
"""What worker, beat, Flower, the command line and some subscribers hold together, amply."""

OURS = ("live_data:", "celery-task-meta-", "_kombu.", "unacked", "brokersync", "celery", "reply.celery.pidbox")
"""How the keys begin that Celery and we make."""


def examine(broker_url: str | None, live_data_url: str | None) -> list[Finding | clocks.Reading]:
    """Both addresses, which are mostly one. The readings are of the servers' clocks."""
    if broker_url is None or live_data_url is None:
        return [fault("REDIS_URL", "It is not set.", "Set it to the address of your Redis.")]
    if broker_url == live_data_url:
        return _look(CHECK, broker_url)
    return [
        *_look(f"{CHECK} (Celery)", broker_url),
        *_look(f"{CHECK} (live data)", live_data_url),
        *_apart(broker_url, live_data_url),
    ]


def _look(check: str, url: str) -> list[Finding | clocks.Reading]:
    try:
        with redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=SECONDS,
            socket_connect_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            clock = _clock(check, client, elsewhere=clocks.is_elsewhere(urlsplit(url).hostname))
            return [*_judged(check, client), clock]
    except ValueError:
        return [fault(check, "REDIS_URL is not an address.", "Write it as redis://:password@host:6379/0")]
    except redis.RedisError as error:
        return [refusal(check, url, error)]


def _clock(check: str, client: redis.Redis, *, elsewhere: bool) -> Finding | clocks.Reading:
    client.ping()  # so that connecting is no part of the time that the question takes, nor its refusal one of TIME
    asked = datetime.now(UTC)
    try:
        seconds, microseconds = client.time()
    except NoPermissionError:
        return note(check, "This user may not ask it for TIME, so its clock could not be compared.")
    there = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
    return clocks.read(check, asked, there, elsewhere=elsewhere)


def _judged(check: str, client: redis.Redis) -> list[Finding]:
    try:
        info: dict[str, Any] = client.info()
    except NoPermissionError:
        return [note(check, "It answers; this user may not ask it for INFO, so nothing more could be looked at.")]
    bad = [
        found
        for found in (
            age(check, info),
            mode(check, info),
            eviction(check, info),
            _persistence(check, info, client),
            clients(check, info),
            _strangers(check, client),
        )
        if found is not None
    ]
    return bad or [ok(check, "It answers, evicts nothing, and keeps what it has over a restart.")]


def age(check: str, info: Mapping[str, Any]) -> Finding | None:
    written = str(info.get("redis_version", ""))
    version = tuple(int(part) for part in written.split(".")[:2] if part.isdigit())
    if not version or version >= OLDEST:
        return None
    return fault(check, f"Its version is {written}, and streams need 5.0.", "Upgrade it, or set REDIS_URL to another.")


def mode(check: str, info: Mapping[str, Any]) -> Finding | None:
    if info.get("redis_mode") == "cluster" or int(info.get("cluster_enabled", 0)):
        remedy = "Set REDIS_URL to one that is not a cluster; a small one is enough."
        return fault(check, "It is a cluster, where neither Celery nor our script can work.", remedy)
    if info.get("redis_mode") == "sentinel":
        return fault(check, "It is a sentinel, which holds no data.", "Set REDIS_URL to the server that it watches.")
    if info.get("role") == "slave":
        return fault(check, "It is a replica, where nothing can be written.", "Set REDIS_URL to its master.")
    return None


def eviction(check: str, info: Mapping[str, Any]) -> Finding | None:
    """A queue that is evicted is a sync that never happens."""
    policy, limit = str(info.get("maxmemory_policy", KEEPS)), int(info.get("maxmemory", 0))
    if policy == KEEPS:
        return None
    remedy = f"redis-cli CONFIG SET maxmemory-policy {KEEPS} (and in its configuration)"
    if limit == 0:
        return warning(
            check, f"Its policy is {policy}; only because maxmemory is not set does it evict nothing.", remedy
        )
    return fault(check, f"With {limit} bytes full it throws queues and live data away ({policy}).", remedy)


def _persistence(check: str, info: Mapping[str, Any], client: redis.Redis) -> Finding | None:
    if int(info.get("aof_enabled", 0)):
        return None
    try:
        saves = client.config_get("save").get("save")
    except redis.ResponseError:  # managed servers forbid CONFIG
        said = "It may not be asked (CONFIG) whether it saves to disk, so that could not be looked at."
        return note(check, said, "Look at its provider's page: append-only file or snapshots should be on.")
    if saves:
        return None
    said = "It keeps nothing: a restart loses queued messages and live data. Both come again, after a while."
    return warning(check, said, "redis-cli CONFIG SET appendonly yes (and in its configuration)")


def clients(check: str, info: Mapping[str, Any]) -> Finding | None:
    most, now = int(info.get("maxclients", 0)), int(info.get("connected_clients", 0))
    if not most or most - now >= CLIENTS:
        return None
    said = f"It takes {most} clients and has {now}; worker, beat and Flower need some {CLIENTS} more."
    return warning(check, said, "redis-cli CONFIG SET maxclients 1000 (and in its configuration)")


def _strangers(check: str, client: redis.Redis) -> Finding | None:
    """A database number that is shared: whoever empties it takes our queues along."""
    try:
        _, keys = client.scan(count=SAMPLE)
    except redis.ResponseError:
        return None
    strangers = sum(not str(key).startswith(OURS) for key in keys)
    if not strangers:
        return None
    said = f"{strangers} of {len(keys)} keys there are not ours: another program uses the same database number."
    return warning(check, said, "Give brokersync a number of its own: the /0 at the end of REDIS_URL.")


def _apart(broker_url: str, live_data_url: str) -> list[Finding]:
    one, other = urlsplit(broker_url), urlsplit(live_data_url)
    if (one.hostname, one.port or 6379) == (other.hostname, other.port or 6379):
        return []
    return [
        note(CHECK, f"Celery uses {place(broker_url)}, live data {place(live_data_url)}: subscribers need the latter.")
    ]
