"""One PostgreSQL and one Redis-protocol server for the whole run: the embedded ones, or those of the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis

from brokersync import embedded
from models import migrate
from settings import Settings
from tests.plugins.given_servers import empty, own_database, own_redis_database


@dataclass(frozen=True)
class Addresses:
    """Where the run's servers are. Everything in them is ours to change."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


@pytest.fixture(scope="session")
def servers() -> Iterator[Addresses]:
    """Both servers, started once. `DATABASE_URL` and `REDIS_URL`, when set, say which ones to use instead."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        with own_database(database_url) as database, own_redis_database(redis_url) as number:
            yield Addresses(database, number)
    elif database_url or redis_url:
        pytest.exit("Set both DATABASE_URL and REDIS_URL, or neither: then the run starts servers of its own.", 3)
    else:
        with embedded.servers() as started:
            yield Addresses(started.database_url, started.redis_url)


@pytest.fixture
def empty_database_url(servers: Addresses) -> Iterator[str]:
    """A database of this test's own, without any table, in the form that SQLAlchemy takes."""
    with own_database(servers.database_url) as url:
        yield url


@pytest.fixture(scope="session")
def database_url(servers: Addresses) -> str:
    """The run's database with the tables of this version, in the form that SQLAlchemy takes."""
    url = Settings.from_environ({"DATABASE_URL": servers.database_url}).require_database_url()
    migrate.upgrade(url)
    return url


@pytest.fixture
def redis_client(servers: Addresses) -> Iterator[redis.Redis]:
    """A client of the run's Redis (text, not bytes), which is empty before and after the test."""
    with redis.Redis.from_url(servers.redis_url, decode_responses=True) as client:
        empty(client)
        yield client
        empty(client)


@pytest.fixture
def redis_url(servers: Addresses, redis_client: redis.Redis) -> str:
    """The address of the run's Redis, which is empty before and after the test."""
    return servers.redis_url
