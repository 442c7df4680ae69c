"""What PostgreSQL holds of the demo's user, as of one moment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from brokersync import queries
from brokersync.queries import Row
from models.connection import Status
from models.run import SyncRun
from models.session import Database
from worker.outcomes import Outcome


@dataclass(frozen=True)
class Snapshot:
    """One connection with its accounts, positions and runs (oldest first); accounts and positions are of one version."""

    connection: Row
    accounts: Sequence[Row]
    positions: Sequence[Row]
    runs: Sequence[SyncRun]

    @property
    def is_synced(self) -> bool:
        """Whether the login is linked and each of its accounts was fetched."""
        versions = [account["version"] for account in self.accounts]
        return self.connection["status"] == Status.ACTIVE and bool(versions) and all(versions) and bool(self.runs)


def read(database: Database, user_id: str) -> Snapshot | None:
    """The user's connection that was linked last; None when there is none."""
    found = queries.connections(database, user_id)
    if not found:
        return None
    connection_id = found[-1]["connection_id"]
    accounts = queries.accounts(database, connection_id=connection_id)
    while True:
        positions = queries.positions(database, connection_id=connection_id)
        again = queries.accounts(database, connection_id=connection_id)
        # A sync that commits between two of these reads would put values of two versions side by side.
        if _versions(again) == _versions(accounts):
            break
        accounts = again
    with database.session() as session:
        of_connection = select(SyncRun).where(SyncRun.connection_id == connection_id)
        runs = session.scalars(of_connection.order_by(SyncRun.finished_at)).all()
    return Snapshot(found[-1], again, positions, runs)


def failed_runs(database: Database, connection_id: uuid.UUID, after: datetime) -> Sequence[SyncRun]:
    """The failed runs of a connection that finished later than that, oldest first."""
    with database.session() as session:
        failed = select(SyncRun).where(
            SyncRun.connection_id == connection_id,
            SyncRun.outcome == Outcome.FAILED.value,
            SyncRun.finished_at > after,
        )
        return session.scalars(failed.order_by(SyncRun.finished_at)).all()


def milliseconds(run: SyncRun) -> int:
    """How long a run took, all in all."""
    return (run.finished_at - run.started_at) // timedelta(milliseconds=1)


def _versions(accounts: Sequence[Row]) -> list[tuple[object, int]]:
    return [(account["account_id"], account["version"]) for account in accounts]
