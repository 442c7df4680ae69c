"""The database as a command uses it: opened from the environment, closed at the command's end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import settings
from models.session import Database
from worker.parts import Parts
from worker.publisher import Publisher


@contextmanager
def opened(loaded: settings.Settings | None = None) -> Iterator[Database]:
    """Raises `settings.NotConfigured` where no DATABASE_URL is set. Nothing is connected yet."""
    database = Database((loaded or settings.load()).require_database_url(), pool_size=1)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def parts() -> Iterator[Parts]:
    """What the worker's functions work with, for a command that calls one itself. Raises `settings.NotConfigured`."""
    loaded = settings.load()
    publisher = Publisher(loaded.require_live_data_redis_url())
    with opened(loaded) as database:
        try:
            yield Parts(settings=loaded, database=database, publisher=publisher, environ=os.environ)
        finally:
            publisher.close()
