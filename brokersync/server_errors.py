"""What an error of PostgreSQL, Redis or their client libraries means to who runs this.

Why a server lets nobody in, and what helps, is the doctor's knowledge: a command's error is one of its findings in a line.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import redis
from kombu.exceptions import OperationalError
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

import settings
from brokersync.doctor import postgresql_refusals, redis_refusals
from brokersync.doctor.findings import Finding

NO_TABLE, NO_COLUMN, NO_SCHEMA = "42P01", "42703", "3F000"
INSUFFICIENT_PRIVILEGE = "42501"
QUERY_CANCELED, LOCK_NOT_AVAILABLE = "57014", "55P03"
DISK_FULL = "53100"
READ_ONLY = "25006"
REDIS_PORT = 6379
_CONNECTING = re.compile(r"connecting to (\S+):(\d+)")

_OF_A_STATEMENT = {
    NO_TABLE: "The database does not have the tables of this version: `brokersync init-db` makes them.",
    NO_COLUMN: "The database does not have the tables of this version: `brokersync init-db` makes them.",
    NO_SCHEMA: "The database has no schema to make tables in: CREATE SCHEMA public, or set the user's search_path.",
    INSUFFICIENT_PRIVILEGE: "The database user of DATABASE_URL may not do that: let it own the database and its tables.",
    QUERY_CANCELED: "PostgreSQL took too long over it, so nothing was changed. Try again.",
    LOCK_NOT_AVAILABLE: "PostgreSQL took too long over it, so nothing was changed. Try again.",
    DISK_FULL: "PostgreSQL's disk is full, so nothing was changed: make room there.",
    READ_ONLY: "That PostgreSQL takes no changes (a standby, or set to read only): DATABASE_URL must name the primary.",
}


def sentence(error: Exception) -> str | None:
    """What is wrong and what to do; None for an error that says nothing about a server."""
    if isinstance(error, ArgumentError):
        return "DATABASE_URL is not an address that can be read: postgresql://user:password@host:5432/name"
    if isinstance(error, NoConnectionFree):
        return "No connection to PostgreSQL became free in time. Try again."
    if isinstance(error, DBAPIError):
        return _of_postgresql(error)
    if isinstance(error, redis.RedisError | OperationalError):
        return _of_redis(error)
    return None


def _of_postgresql(error: DBAPIError) -> str | None:
    code = getattr(error.orig, "pgcode", None)
    if code is not None:
        return _OF_A_STATEMENT.get(code)
    return _line("PostgreSQL", postgresql_refusals.refusal(str(error.orig), _database_url()))


def _database_url() -> URL:
    """What names the server in a remedy; nothing does where there is no address of this environment's."""
    try:
        return make_url(settings.load().require_database_url())
    except (settings.NotConfigured, ArgumentError):
        return URL.create("postgresql")


def _of_redis(error: redis.RedisError | OperationalError) -> str:
    variable = _redis_variable(error)
    of_redis = error if isinstance(error, redis.RedisError) else _below(error)
    finding = redis_refusals.refusal(variable, os.environ.get(variable, ""), of_redis)
    return _line(f"Redis ({variable})", finding)


def _below(error: OperationalError) -> redis.RedisError:
    """Kombu says again what redis-py said, mostly in its words alone."""
    return error.__cause__ if isinstance(error.__cause__, redis.RedisError) else redis.ConnectionError(str(error))


def _line(server: str, finding: Finding) -> str:
    return f"{server} cannot be used. {finding.said} What helps: {finding.remedy}"


def _redis_variable(error: Exception) -> str:
    """The variable whose server the error is about.

    Kombu speaks for Celery's broker alone. redis-py's error may be about the results, which are there too, or about the
    live data: where it names its server, that decides.
    """
    broker, live_data = ("CELERY_BROKER_URL", "REDIS_URL"), ("LIVE_DATA_REDIS_URL", "REDIS_URL")
    candidates = [
        next((name for name in names if os.environ.get(name)), "REDIS_URL")
        for names in ((broker,) if isinstance(error, OperationalError) else (live_data, broker))
    ]
    named = _CONNECTING.search(str(error))
    at = (named[1], int(named[2])) if named else None
    return next((name for name in candidates if at == _host_and_port(os.environ.get(name))), candidates[0])


def _host_and_port(url: str | None) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url or "")
        return (parts.hostname or "localhost", parts.port or REDIS_PORT)
    except ValueError:
        return None
