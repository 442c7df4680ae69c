"""What an error of PostgreSQL, Redis or their client libraries means to who runs this."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import redis
from kombu.exceptions import OperationalError
from sqlalchemy.exc import ArgumentError, DBAPIError

NO_TABLE, NO_COLUMN = "42P01", "42703"
QUERY_CANCELED, LOCK_NOT_AVAILABLE = "57014", "55P03"


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
    """Host and port of a server's address, without its login."""
    return urlsplit(url or "").netloc.rpartition("@")[2] or "the address given"


def _of_postgresql(error: DBAPIError) -> str | None:
    code = getattr(error.orig, "pgcode", None)
    if code in {NO_TABLE, NO_COLUMN}:
        return "The database does not have the tables of this version: `brokersync init-db` makes them."
    if code in {QUERY_CANCELED, LOCK_NOT_AVAILABLE}:
        return "PostgreSQL took too long over it, so nothing was changed. Try again."
    if code is not None:
        return None
    reason = str(error.orig).strip().splitlines() or ["it closed the connection"]
    return f"PostgreSQL cannot be used ({reason[0].rstrip('.')}): is it running, and is DATABASE_URL right?"
