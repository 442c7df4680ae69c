"""Removing what nobody looks up any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func

from models.link import Link
from models.run import SyncRun
from models.session import Database

KEEP_RUNS = timedelta(days=30)
"""At the default cadence this is 8,640 runs a connection: enough to look back over four logins."""
KEEP_LINKS = timedelta(days=1)
"""A link is dead after minutes; a day lets somebody find out why."""


def prune(database: Database) -> int:
    """Delete old runs and dead links; how many rows that were."""
    with database.session() as session:
        runs = session.execute(delete(SyncRun).where(SyncRun.started_at < func.now() - KEEP_RUNS).returning(SyncRun.id))
        links = session.execute(delete(Link).where(Link.expires_at < func.now() - KEEP_LINKS).returning(Link.id))
        return len(runs.all()) + len(links.all())
