"""Redis: reachable, and never throwing away what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from brokersync.doctor.findings import Finding, fault, ok, warning
from brokersync.server_errors import sentence

CHECK = "Redis"
SECONDS = 3
KEEPS = "noeviction"


def examine(broker_url: str | None, live_data_url: str | None) -> list[Finding]:
    """Both addresses, which are mostly one."""
    if broker_url is None or live_data_url is None:
        return [fault("REDIS_URL", "It is not set.", "Set it to the address of your Redis.")]
    if broker_url == live_data_url:
        return _look(CHECK, broker_url)
    return [*_look(f"{CHECK} (Celery)", broker_url), *_look(f"{CHECK} (live data)", live_data_url)]


def eviction(check: str, memory: Mapping[str, Any]) -> Finding:
    """`memory` is the section of that name of INFO. A queue that is evicted is a sync that never happens."""
    policy, limit = str(memory.get("maxmemory_policy", KEEPS)), int(memory.get("maxmemory", 0))
    if policy == KEEPS:
        return ok(check, "It answers, and evicts nothing.")
    remedy = f"Set maxmemory-policy to {KEEPS} in its configuration."
    if limit == 0:
        return warning(
            check, f"Its policy is {policy}; only because maxmemory is not set does it evict nothing.", remedy
        )
    return fault(check, f"With {limit} bytes full it throws queues and live data away ({policy}).", remedy)


def _look(check: str, url: str) -> list[Finding]:
    try:
        with redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=SECONDS,
            socket_connect_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return [eviction(check, client.info("memory"))]
    except ValueError:
        return [fault(check, "REDIS_URL is not an address.", "Write it as redis://:password@host:6379/0")]
    except redis.RedisError as error:
        said = sentence(error) or f"It answers with an error ({type(error).__name__})."
        return [fault(check, said, "The server's log says more.")]
