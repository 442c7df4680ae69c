"""The fixtures themselves."""

from __future__ import annotations

import pytest
import redis
import sqlalchemy

pytestmark = pytest.mark.servers


def test_the_database_has_the_tables_of_this_version(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url, poolclass=sqlalchemy.NullPool)
    assert "connections" in sqlalchemy.inspect(engine).get_table_names()


def test_redis_is_empty_before_a_test_and_may_be_filled(redis_client: redis.Redis, redis_url: str) -> None:
    assert redis_client.dbsize() == 0
    with redis.Redis.from_url(redis_url) as another:
        another.set("left", "behind")


def test_redis_is_empty_again_after_a_test_that_filled_it(redis_client: redis.Redis) -> None:
    assert redis_client.get("left") is None
