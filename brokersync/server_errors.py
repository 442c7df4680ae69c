"""What an error of PostgreSQL, Redis or their client libraries means to who runs this."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import redis
from kombu.exceptions import OperationalError
from sqlalchemy.exc import ArgumentError, DBAPIError

NO_TABLE, NO_COLUMN = "42P01", "42703"
QUERY_CANCELED, LOCK_NOT_AVAILABLE = "57014", "55P03"

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
    redis_at = f"Redis at {place(os.environ.get('REDIS_URL'))}"
    if isinstance(error, redis.AuthenticationError):
        return f"{redis_at} does not take the login that REDIS_URL gives."
    if isinstance(error, redis.ConnectionError | redis.TimeoutError | OperationalError):
        return f"{redis_at} does not answer: is it running, and is REDIS_URL right?"
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
