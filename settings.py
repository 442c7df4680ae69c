"""What the environment says, read once and checked.

`VARIABLES` is the one list of names: the README's table is generated from it, and a test holds the two together.
Variables that belong to one broker are declared by that broker (`brokers.interface.Variable`), not here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

PSYCOPG2 = "postgresql+psycopg2"


class NotConfigured(Exception):
    """A variable is missing or unusable. The message names it and says what to do."""


@dataclass(frozen=True)
class Variable:
    """One name in the environment: its default as a person would type it, and what it means."""

    name: str
    default: str | None
    meaning: str


VARIABLES = (
    Variable("DATABASE_URL", None, "PostgreSQL; `postgres://` and `postgresql://` are taken and mean psycopg2"),
    Variable("REDIS_URL", None, "broker, results and live data"),
    Variable("CELERY_BROKER_URL", "`REDIS_URL`", "splits the Celery broker and results off"),
    Variable("LIVE_DATA_REDIS_URL", "`REDIS_URL`", "splits the live data off"),
    Variable("ENCRYPTION_KEY", None, "one or several Fernet keys, comma separated: the first writes, all read"),
    Variable("LINK_SERVICE_KEY", None, "what a host application sends to make links"),
    Variable(
        "PUBLIC_URL", "http://127.0.0.1:8182", "where the web app is reached; same origin as the broker's redirect URI"
    ),
    Variable("RETURN_URLS", "empty", "allow-list of `return_url` prefixes, comma separated"),
    Variable("SYNC_INTERVAL", "300", "default cadence of a connection, in seconds"),
    Variable("FRESHNESS_LIMIT", "15", "younger than this (seconds), `sync_account` without `force` asks nobody"),
)


@dataclass(frozen=True)
class Settings:
    """The settings of one process.

    Secrets are kept out of `repr`. A variable that is not set is None (or its default); whoever needs it asks through
    `require_*`, so that a part that does not need it runs without it (the web app needs no Redis).
    """

    database_url: str | None = field(default=None, repr=False)
    celery_broker_url: str | None = field(default=None, repr=False)
    live_data_redis_url: str | None = field(default=None, repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    link_service_key: str | None = field(default=None, repr=False)
    public_url: str = "http://127.0.0.1:8182"
    return_urls: tuple[str, ...] = ()
    sync_interval: timedelta = timedelta(seconds=300)
    freshness_limit: timedelta = timedelta(seconds=15)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises `NotConfigured` when a value that is set cannot be used."""
        redis_url = environ.get("REDIS_URL") or None
        return cls(
            database_url=_database_url(environ.get("DATABASE_URL")),
            celery_broker_url=environ.get("CELERY_BROKER_URL") or redis_url,
            live_data_redis_url=environ.get("LIVE_DATA_REDIS_URL") or redis_url,
            encryption_keys=_comma_separated(environ.get("ENCRYPTION_KEY")),
            link_service_key=environ.get("LINK_SERVICE_KEY") or None,
            public_url=_public_url(environ.get("PUBLIC_URL") or cls.public_url),
            return_urls=_comma_separated(environ.get("RETURN_URLS")),
            sync_interval=_seconds(environ, "SYNC_INTERVAL", cls.sync_interval),
            freshness_limit=_seconds(environ, "FRESHNESS_LIMIT", cls.freshness_limit),
        )

    def require_database_url(self) -> str:
        return _required(self.database_url, "DATABASE_URL", "the address of your PostgreSQL")

    def require_celery_broker_url(self) -> str:
        return _required(self.celery_broker_url, "REDIS_URL", "the address of your Redis")

    def require_live_data_redis_url(self) -> str:
        return _required(self.live_data_redis_url, "REDIS_URL", "the address of your Redis")

    def require_encryption_keys(self) -> tuple[str, ...]:
        if not self.encryption_keys:
            raise NotConfigured("Set ENCRYPTION_KEY: `brokersync new-key` prints one.")
        return self.encryption_keys


def load() -> Settings:
    """The settings of this process, from its environment."""
    return Settings.from_environ(os.environ)


def environment_file(start: Path) -> Path | None:
    """The `demo.env` of a running demo, looked for in `start` and its parents; None where no demo runs."""
    for folder in (start, *start.parents):
        candidate = folder / ".brokersync" / "demo.env"
        if candidate.is_file():
            return candidate
    return None


def _required(value: str | None, name: str, what: str) -> str:
    if value is None:
        raise NotConfigured(f"Set {name} to {what} (see .env.example).")
    return value


def _comma_separated(value: str | None) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in (value or "").split(",")) if part)


def _database_url(value: str | None) -> str | None:
    if not value:
        return None
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", PSYCOPG2}:
        raise NotConfigured(
            "DATABASE_URL must start with postgresql:// (brokersync keeps its data in PostgreSQL only)."
        )
    return f"{PSYCOPG2}://{rest}"


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise NotConfigured("PUBLIC_URL must be a full address such as https://sync.example.org")
    return value.rstrip("/")


def _seconds(environ: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    value = environ.get(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise NotConfigured(f"{name} must be a whole number of seconds, such as {int(default.total_seconds())}.")
    return timedelta(seconds=int(value))
