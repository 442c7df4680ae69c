"""Servers of somebody's own instead of the embedded ones: looked at before anything is written to them.

The demo's worker syncs whatever is due in its database with the make-believe broker, so a database with real connections
in it must never be its database.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import sqlalchemy
from sqlalchemy import Connection, delete, func, inspect, select, update
from sqlalchemy.pool import NullPool

import settings
from brokersync.demo.readiness import tasks_seen
from models.connection import Connection as Linked
from models.connection import Credential, Status
from models.installation import Installation
from models.migrate import schema

NAMES = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "LIVE_DATA_REDIS_URL")


def given_servers(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that name the caller's servers; empty where there are none. Raises `settings.NotConfigured`."""
    both = bool(environ.get("DATABASE_URL")), bool(environ.get("REDIS_URL"))
    if any(both) and not all(both):
        raise settings.NotConfigured(
            "Set both DATABASE_URL and REDIS_URL to use servers of yours, or neither: then the demo brings its own."
        )
    return {name: environ[name] for name in NAMES if environ.get(name)} if all(both) else {}


def make_room(database_url: str, broker_url: str, user_id: str, encryption_key: str | None) -> None:
    """Check that the servers are free for a demo, and remove what an earlier demo left there.

    Raises `settings.NotConfigured` for a database or a broker that somebody else works with.
    """
    engine = sqlalchemy.create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        _check_database(connection, user_id)
        if inspect(connection).has_table(Linked.__tablename__):
            connection.execute(delete(Linked).where(Linked.user_id == user_id))
            if encryption_key is None:
                # It was sealed under a key that went with the demo that made it.
                connection.execute(delete(Installation))
    with tasks_seen(broker_url) as seen:
        if seen():
            raise settings.NotConfigured(
                "REDIS_URL: a worker is at work on that Redis already, and would take the demo's messages. "
                "Give the demo a Redis, or a database number of one, that nobody uses."
            )


def leave(database_url: str, user_id: str) -> None:
    """Disconnect what the demo linked. Its rows stay to be looked at, but no real worker may ask a broker with them."""
    ours = select(Linked.id).where(Linked.user_id == user_id)
    ended = {"status": Status.DISCONNECTED, "next_sync_at": None, "claim_id": None, "claim_until": None}
    engine = sqlalchemy.create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        if not inspect(connection).has_table(Linked.__tablename__):
            return
        connection.execute(delete(Credential).where(Credential.connection_id.in_(ours)))
        connection.execute(update(Linked).where(Linked.user_id == user_id).values(ended))


def _check_database(connection: Connection, user_id: str) -> None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return
    if Linked.__tablename__ not in tables or schema(connection).present is None:
        raise settings.NotConfigured(
            "DATABASE_URL: that database holds tables of another program. Give the demo an empty one."
        )
    others = connection.scalar(select(func.count()).select_from(Linked).where(Linked.user_id != user_id))
    if others:
        raise settings.NotConfigured(
            f"DATABASE_URL: that database holds connections of other users ({others}), which the demo would sync with "
            "its make-believe broker. Give the demo an empty one."
        )
