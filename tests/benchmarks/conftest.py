"""The stage of the figures on the test run's servers, with a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from benchmarks import stage
from benchmarks.stage import Stage
from tests.plugins.given_servers import empty, own_database
from tests.plugins.servers import Addresses


@pytest.fixture(scope="package")
def on_stage(servers: Addresses) -> Iterator[Stage]:
    """One for all tests: each links logins of its own."""
    with (
        own_database(servers.database_url) as database_url,
        redis.Redis.from_url(servers.redis_url) as client,
        stage.on(database_url, servers.redis_url) as on,
    ):
        empty(client)
        yield on
        empty(client)
