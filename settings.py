"""What the environment says, read once and checked.

`VARIABLES` is the one list of names: the README's table is generated from it, and a test holds the two together.
Variables that belong to one broker are declared by that broker (`brokers.interface.Variable`), not here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from environment import (
    NotConfigured,
    Unusable,
    comma_separated,
    database_url,
    hours_before,
    night_hours,
    number_of_proxies,
    public_url,
    redis_url,
    require_clean,
    required,
    seconds,
    stray,
    webhook_key,
    webhook_url,
    yes_or_no,
)

__all__ = [
    "VARIABLES",
    "NotConfigured",
    "Settings",
    "Unusable",
    "Variable",
    "load",
    "require_clean",
    "stray",
    "webhook_key",
]


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
    Variable("NOTIFY_URLS", "empty", "where people are told of logins: Apprise URLs (e-mail, ntfy, Slack …)"),
    Variable("WEBHOOK_URL", "empty", "one address that is told of every event of a connection, signed"),
    Variable("WEBHOOK_SECRET", "empty", "what the webhook is signed with (`whsec_…`); your receiver has it too"),
    Variable("WEBHOOK_PRIVATE", "no", "`yes`: the webhook may be in a private network"),
    Variable("LOGIN_NOTICES", "48,24,2", "hours before the end of a login at which people are told"),
    Variable(
        "NIGHT_HOURS", "22:00-07:00", "no notice in this time, by the clocks of the connection; it comes before them"
    ),
)

LISTS = frozenset({"ENCRYPTION_KEY", "RETURN_URLS", "NOTIFY_URLS", "LOGIN_NOTICES"})
"""Of several parts: blanks around them are taken off."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process.

    Secrets are kept out of `repr`. A variable that is not set is None (or its default); whoever needs it asks through
    `require_*`, so that a part that does not need it runs without it (the web app needs no Redis).

    `notify_urls` is as Apprise takes it. `login_notices` are spans before a login's end, the longest first. `night_hours`
    run from the first to before the second, mostly over midnight; None: there is no night.
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
    notify_urls: str = field(default="", repr=False)
    webhook_url: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    webhook_private: bool = False
    login_notices: tuple[timedelta, ...] = (timedelta(hours=48), timedelta(hours=24), timedelta(hours=2))
    night_hours: tuple[time, time] | None = (time(22), time(7))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises `Unusable` when a value that is set cannot be used."""
        require_clean(environ, (variable.name for variable in VARIABLES if variable.name not in LISTS))
        broker_name = "CELERY_BROKER_URL" if environ.get("CELERY_BROKER_URL") else "REDIS_URL"
        live_data_name = "LIVE_DATA_REDIS_URL" if environ.get("LIVE_DATA_REDIS_URL") else "REDIS_URL"
        return cls(
            database_url=database_url(environ.get("DATABASE_URL")),
            celery_broker_url=redis_url(broker_name, environ.get(broker_name), for_celery=True),
            live_data_redis_url=redis_url(live_data_name, environ.get(live_data_name), for_celery=False),
            encryption_keys=comma_separated(environ.get("ENCRYPTION_KEY")),
            link_service_key=environ.get("LINK_SERVICE_KEY") or None,
            public_url=public_url(environ.get("PUBLIC_URL") or cls.public_url),
            return_urls=comma_separated(environ.get("RETURN_URLS")),
            trusted_proxies=number_of_proxies(environ.get("TRUSTED_PROXIES")),
            sync_interval=seconds(environ, "SYNC_INTERVAL", cls.sync_interval),
            freshness_limit=seconds(environ, "FRESHNESS_LIMIT", cls.freshness_limit),
            notify_urls=(environ.get("NOTIFY_URLS") or "").strip(),
            webhook_url=webhook_url(environ.get("WEBHOOK_URL"), environ.get("WEBHOOK_SECRET")),
            webhook_secret=environ.get("WEBHOOK_SECRET") or None,
            webhook_private=yes_or_no("WEBHOOK_PRIVATE", environ.get("WEBHOOK_PRIVATE")),
            login_notices=hours_before("LOGIN_NOTICES", environ.get("LOGIN_NOTICES"), cls.login_notices),
            night_hours=night_hours("NIGHT_HOURS", environ.get("NIGHT_HOURS"), cls.night_hours),
        )

    def require_database_url(self) -> str:
        return required(self.database_url, "DATABASE_URL", "the address of your PostgreSQL")

    def require_celery_broker_url(self) -> str:
        return required(self.celery_broker_url, "REDIS_URL", "the address of your Redis")

    def require_live_data_redis_url(self) -> str:
        return required(self.live_data_redis_url, "REDIS_URL", "the address of your Redis")

    def require_encryption_keys(self) -> tuple[str, ...]:
        if not self.encryption_keys:
            raise NotConfigured("Set ENCRYPTION_KEY: `brokersync new-key` prints one.")
        return self.encryption_keys


def load() -> Settings:
    """The settings of this process, from its environment."""
    return Settings.from_environ(os.environ)
