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
    """A numbered database that was empty, marked as ours while the run lasts. Nothing else is read or written."""
    for number in range(15, 0, -1):
        url = urlsplit(server_url)._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(url, decode_responses=True) as client:
            if not _take(client):
                continue
            try:
                yield url
            finally:
                client.delete(*client.scan_iter())
            return
    raise NoRoom("REDIS_URL: all numbered databases (1 to 15) of that server hold keys; the tests need an empty one.")


def _take(client: redis.Redis) -> bool:
    try:
        if client.dbsize() or not client.set(MARK, "1", nx=True):
            return False
    except redis.ResponseError:  # a server with fewer databases
        return False
    if client.dbsize() == 1:
        return True
    client.delete(MARK)
    return False
