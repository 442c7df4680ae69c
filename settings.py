"""What the environment says, read once and checked.

`VARIABLES` is the one list of names: the README's table is generated from it, and a test holds the two together.
Variables that belong to one broker are declared by that broker (`brokers.interface.Variable`), not here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

PSYCOPG2 = "postgresql+psycopg2"
LONGEST_SPAN = timedelta(days=30)
"""No login lives longer, and what is never asked is better disconnected."""

_DATABASE_EXAMPLE = "postgresql://user:password@127.0.0.1:5432/brokersync"
_REDIS_EXAMPLE = "redis://:password@127.0.0.1:6379/0"


class NotConfigured(Exception):
    """A variable is missing or unusable. The message names it and says what to do."""


class Unusable(NotConfigured):
    """The variable `name` is set to what cannot be used. Its value is not quoted."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(f"{name} {said}")
        self.name = name


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
    Variable(
        "TRUSTED_PROXIES",
        "0",
        "how many proxies of yours stand before the web app and add to `X-Forwarded-For`; its limits count per sender",
    ),
    Variable("SYNC_INTERVAL", "300", "default cadence of a connection, in seconds"),
    Variable("FRESHNESS_LIMIT", "15", "younger than this (seconds), `sync_account` without `force` asks nobody"),
)

LISTS = frozenset({"ENCRYPTION_KEY", "RETURN_URLS"})
"""Comma separated: blanks around their parts are taken off."""


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
    trusted_proxies: int = 0
    sync_interval: timedelta = timedelta(seconds=300)
    freshness_limit: timedelta = timedelta(seconds=15)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises `Unusable` when a value that is set cannot be used."""
        require_clean(environ, (variable.name for variable in VARIABLES if variable.name not in LISTS))
        broker_name = "CELERY_BROKER_URL" if environ.get("CELERY_BROKER_URL") else "REDIS_URL"
        live_data_name = "LIVE_DATA_REDIS_URL" if environ.get("LIVE_DATA_REDIS_URL") else "REDIS_URL"
        return cls(
            database_url=_database_url(environ.get("DATABASE_URL")),
            celery_broker_url=_redis_url(broker_name, environ.get(broker_name), for_celery=True),
            live_data_redis_url=_redis_url(live_data_name, environ.get(live_data_name), for_celery=False),
            encryption_keys=_comma_separated(environ.get("ENCRYPTION_KEY")),
            link_service_key=environ.get("LINK_SERVICE_KEY") or None,
            public_url=_public_url(environ.get("PUBLIC_URL") or cls.public_url),
            return_urls=_comma_separated(environ.get("RETURN_URLS")),
            trusted_proxies=_number_of_proxies(environ.get("TRUSTED_PROXIES")),
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


def stray(value: str) -> tuple[str, str] | None:
    """What stands around a value that nobody meant, as the rest of a sentence, and what helps; None for a clean value."""
    if value.endswith("\r"):
        return "ends with a carriage return: the file has Windows line ends", "sed -i 's/\\r$//' .env"
    if value != value.strip():
        return "has a blank or a line end before or behind its value", "take it away"
    return None


def require_clean(environ: Mapping[str, str], names: Iterable[str]) -> None:
    """Raises `Unusable` for the first of these variables with something around its value: no reader could see it."""
    for name in names:
        found = stray(environ.get(name) or "")
        if found is not None:
            said, remedy = found
            raise Unusable(name, f"{said}. What helps: {remedy} (and load it again).")


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
        raise Unusable("DATABASE_URL", "must start with postgresql:// (brokersync keeps its data in PostgreSQL only).")
    _server("DATABASE_URL", value, _DATABASE_EXAMPLE)
    return f"{PSYCOPG2}://{rest}"


def _redis_url(name: str, value: str | None, *, for_celery: bool) -> str | None:
    if not value:
        return None
    scheme, separator, path = value.partition("://")
    if separator and scheme == "unix" and path.startswith("/") and not for_celery:
        return value
    if not separator or scheme not in {"redis", "rediss"}:
        socket = " Celery has no unix:// sockets; only LIVE_DATA_REDIS_URL may name one." if scheme == "unix" else ""
        raise Unusable(name, f"must start with redis:// or rediss://, such as {_REDIS_EXAMPLE}.{socket}")
    database = _server(name, value, _REDIS_EXAMPLE).path.removeprefix("/")
    if database and not (database.isascii() and database.isdigit()):
        raise Unusable(name, f"must end with the number of a database, such as {_REDIS_EXAMPLE}.")
    return value


def _server(name: str, value: str, example: str) -> SplitResult:
    """The parts of a server's address. What parsers would read differently is refused without a word of it: what one
    of them takes for the host, and shows in an error, may be a piece of the password.
    """
    parts = _split(value)
    outside = value.count("@") - (parts.netloc.count("@") if parts else 0)
    host_and_port = parts.netloc.rpartition("@")[2] if parts else ""
    if (
        parts is None
        or outside
        or parts.netloc.count("@") > 1
        or "#" in value
        or (host_and_port and not parts.hostname)
    ):
        raise Unusable(
            name,
            f"cannot be read as an address. Write it as {example}, and percent-encode what is special in a "
            "password: %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?, %5B and %5D for [ and ].",
        )
    return parts


def _split(value: str) -> SplitResult | None:
    """None for what is no address, or holds blanks and control characters (`urlsplit` drops some of them silently)."""
    if not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        return None if parts.port == 0 else parts
    except ValueError:  # brackets that are no IPv6 address; a port that is no number up to 65535
        return None


def _public_url(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unusable("PUBLIC_URL", "must be a full address such as https://sync.example.org")
    if "@" in value or "?" in value or "#" in value:
        raise Unusable("PUBLIC_URL", "must have no login, query or fragment, such as https://sync.example.org")
    return value.rstrip("/")


def _number_of_proxies(value: str | None) -> int:
    if not value:
        return 0
    if not value.isascii() or not value.isdigit() or len(value) > 2:
        raise Unusable("TRUSTED_PROXIES", "must be a whole number, such as 1 for one proxy before the web app.")
    return int(value)


def _seconds(environ: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    value = environ.get(name)
    if not value:
        return default
    most = int(LONGEST_SPAN.total_seconds())
    # The length first: Python refuses to read a number of thousands of digits.
    is_number = value.isascii() and value.isdigit() and len(value) <= len(str(most))
    if not is_number or not 1 <= int(value) <= most:
        usual = int(default.total_seconds())
        raise Unusable(name, f"must be a whole number of seconds from 1 to {most}, such as {usual}.")
    return timedelta(seconds=int(value))
