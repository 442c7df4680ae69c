"""Room of our own on servers that somebody else runs: a database that is made and dropped, an unused Redis number."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis
import sqlalchemy

from settings import Settings

MARK = "brokersync:test-run"
# Seconds. A run that was killed leaves its mark; no run takes this long.
MARK_LIFETIME = 3600


class NoRoom(Exception):
    """The given server has no place that is free."""


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """A new, empty database on that server. Its user must be allowed to create one."""
    url = sqlalchemy.make_url(Settings.from_environ({"DATABASE_URL": server_url}).require_database_url())
    name = f"brokersync_test_{secrets.token_hex(6)}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def own_redis_database(server_url: str) -> Iterator[str]:
    """A numbered database that was empty. While the run lasts, a mark beside it keeps other runs away from it."""
    with redis.Redis.from_url(server_url, decode_responses=True) as marks:
        for number in range(15, 0, -1):
            url = urlsplit(server_url)._replace(path=f"/{number}").geturl()
            mark = f"{MARK}:{number}"
            if not marks.set(mark, "1", nx=True, ex=MARK_LIFETIME):
                continue
            try:
                with redis.Redis.from_url(url, decode_responses=True) as client:
                    if not _is_empty(client):
                        continue
                    try:
                        yield url
                    finally:
                        empty(client)
                    return
            finally:
                marks.delete(mark)
    raise NoRoom("REDIS_URL: all numbered databases (1 to 15) of that server hold keys; the tests need an empty one.")


def empty(client: redis.Redis) -> None:
    """Remove every key of this database, which is ours."""
    for key in client.scan_iter(count=1000):
        client.unlink(key)


def _is_empty(client: redis.Redis) -> bool:
    try:
        return client.dbsize() == 0
    except redis.ResponseError:  # a server with fewer databases
        return False
