"""Why connections were not asked: their broker refuses the app, or answers nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from brokersync.asking import Run
from models.circuit import Circuit, Opened
from models.connection import Connection
from models.session import Database
from worker.outcomes import Outcome

_WHY = {
    Opened.REFUSED: "the broker refuses the app: `brokersync doctor` says what to do; then it is asked by itself",
    Opened.SILENT: "the broker answers nobody: one at a time asks, and the others go on with its first answer",
}


def explained(database: Database, runs: Sequence[Run]) -> list[Run]:
    """The same runs; those that were deferred for all of a broker's connections are told why, as an error."""
    waiting = [run.connection_id for run in runs if run.outcome == Outcome.DEFERRED]
    if not waiting:
        return list(runs)
    query = (
        select(Connection.id, Circuit.error_kind)
        .join(Circuit, Circuit.broker == Connection.broker)
        .where(Connection.id.in_(waiting))
    )
    with database.session() as session:
        kinds = {connection_id: Opened(kind) for connection_id, kind in session.execute(query)}
    return [
        replace(run, error=_WHY[kinds[run.connection_id]])
        if run.outcome == Outcome.DEFERRED and run.connection_id in kinds
        else run
        for run in runs
    ]
