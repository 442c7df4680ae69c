"""What an error of PostgreSQL, Redis or their client libraries means to who runs this."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import redis
from kombu.exceptions import OperationalError
from sqlalchemy.exc import ArgumentError, DBAPIError

NO_TABLE, NO_COLUMN = "42P01", "42703"
QUERY_CANCELED, LOCK_NOT_AVAILABLE = "57014", "55P03"
REDIS_PORT = 6379
_CONNECTING = re.compile(r"connecting to (\S+):(\d+)")

_REASONS = {
    "could not translate host name": "its host name is not known here",
    "Connection refused": "nobody listens at that address",
    "No such file or directory": "nobody listens at that socket",
    "timeout expired": "it did not answer in time",
    "authentication failed": "it does not take that login",
    "no password supplied": "it wants a password",
    "no pg_hba.conf entry": "it does not let that user in from here",
    "too many": "it has too many connections already",
    "database system is": "it is starting, recovering or shutting down",
    "SSL": "the two do not agree about SSL",
    "does not exist": "it has no such database or user",
    "closed the connection": "it closed the connection",
}
"""What libpq says, and what we say instead: its own words quote host, user and database, and in an address that was
misread those are pieces of the password.
"""


def sentence(error: Exception) -> str | None:
    """What is wrong and what to do; None for an error that says nothing about a server."""
    if isinstance(error, ArgumentError):
        return "DATABASE_URL is not an address that can be read: postgresql://user:password@host:5432/name"
    if isinstance(error, DBAPIError):
        return _of_postgresql(error)
    variable = _redis_variable(error)
    redis_at = f"Redis at {place(os.environ.get(variable))}"
    if isinstance(error, redis.AuthenticationError):
        return f"{redis_at} does not take the login that {variable} gives."
    if isinstance(error, redis.ConnectionError | redis.TimeoutError | OperationalError):
        return f"{redis_at} does not answer: is it running, and is {variable} right?"
    return f"{redis_at} refuses: {error}" if isinstance(error, redis.ResponseError) else None


def place(url: str | None) -> str:
    """Host and port of a server's address, without its login. What parsers read differently is not shown at all."""
    try:
        parts = urlsplit(url or "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return "the address given"
    if not host or (url or "").count("@") > 1 or "@" in parts.path + parts.query + parts.fragment:
        return "the address given"
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


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


def _of_postgresql(error: DBAPIError) -> str | None:
    code = getattr(error.orig, "pgcode", None)
    if code in {NO_TABLE, NO_COLUMN}:
        return "The database does not have the tables of this version: `brokersync init-db` makes them."
    if code in {QUERY_CANCELED, LOCK_NOT_AVAILABLE}:
        return "PostgreSQL took too long over it, so nothing was changed. Try again."
    if code is not None:
        return None
    said = str(error.orig)
    reason = next((ours for theirs, ours in _REASONS.items() if theirs in said), "it does not answer")
    return f"PostgreSQL cannot be used ({reason}): is it running, and is DATABASE_URL right?"
