"""What the views work with: settings, brokers, database. Made once per app, the costly ones on first use."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from brokers import registry
from brokers.interface import Broker
from models.installation import fingerprints
from models.session import Database
from settings import Settings

THREADS = 32
"""Of the one gunicorn process, and so the sessions that may be open at once. Linking is rare; waiting brokers are slow."""

_PLACE = "oauth_web"


class Brokers:
    """The brokers by name, each built from the environment when it is first asked for, or `given` ready made."""

    def __init__(self, environ: Mapping[str, str], given: Mapping[str, Broker] | None) -> None:
        self._environ = environ
        self._built: dict[str, Broker] = dict(given or {})
        self.names: Sequence[str] = tuple(given) if given is not None else tuple(registry.BROKERS)
        self._building = threading.Lock()

    def get(self, name: str) -> Broker:
        """Raises `KeyError` for a broker we do not know and `brokers.interface.NotConfigured`."""
        with self._building:
            if name not in self._built:
                self._built[name] = registry.build(name, self._environ)
            return self._built[name]


class Parts:
    """Settings, brokers and database of one app."""

    def __init__(self, settings: Settings, brokers: Brokers) -> None:
        self.settings = settings
        self.brokers = brokers
        self._database: Database | None = None
        self._opening = threading.Lock()

    @property
    def database(self) -> Database:
        """Raises `settings.NotConfigured` without DATABASE_URL, so that /healthz and /readyz answer before it is set."""
        with self._opening:
            if self._database is None:
                self._database = Database(self.settings.require_database_url(), pool_size=THREADS)
            return self._database


def keep(app: Flask, parts: Parts) -> None:
    app.extensions[_PLACE] = parts


def parts() -> Parts:
    """The parts of the app that answers this request."""
    return cast(Parts, current_app.extensions[_PLACE])


def assert_encryption(session: Session) -> None:
    """Before anybody is sent to a broker: what comes back could be sealed, and accounts be recognised.

    Raises `settings.NotConfigured` or `models.sealing.CredentialsUnreadable`.
    """
    fingerprints(session)
