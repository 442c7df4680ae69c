"""A run at work, and the record it leaves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models.run import SyncRun
from worker.claims import Claim
from worker.outcomes import AccountOutcome, Outcome
from worker.stopwatch import Stopwatch

# Not through the session: nothing else of it is to be written, and its bookkeeping costs more than the insert.
_INSERT_RUN = insert(SyncRun)


@dataclass(frozen=True)
class Attempt:
    """A run at work: its claim, who asked for it, and the time its calls take."""

    claim: Claim
    trigger: str
    task_id: str | None
    stopwatch: Stopwatch
    whole_login: bool = True

    @property
    def fetched_at(self) -> datetime:
        """When the answer was asked for, by the database's clock. A moment early rather than late: data are this old."""
        return self.claim.taken_at + self.stopwatch.began_after


def record(
    session: Session,
    attempt: Attempt,
    now: datetime,
    outcome: Outcome,
    accounts: tuple[AccountOutcome, ...],
    error_kind: str | None = None,
    error_text: str | None = None,
    rows_changed: int = 0,
    connection_id: uuid.UUID | None = None,
) -> None:
    """Write down what came of the run, about another connection than the claim's where that is given."""
    session.connection().execute(
        _INSERT_RUN,
        {
            "id": attempt.claim.run_id,
            "connection_id": connection_id or attempt.claim.connection_id,
            "trigger": attempt.trigger,
            "task_id": attempt.task_id,
            "started_at": attempt.claim.taken_at,
            "finished_at": now,
            "outcome": outcome.value,
            "accounts": [account.as_json() for account in accounts],
            "error_kind": error_kind,
            "error_text": error_text,
            "broker_ms": int(attempt.stopwatch.total / timedelta(milliseconds=1)),
            "rows_changed": rows_changed,
        },
    )


def clock(session: Session) -> datetime:
    """The database's time."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now


def record_failed(session: Session, attempt: Attempt, now: datetime, kind: str, text: str) -> None:
    """The record of a run whose call failed as a whole."""
    record(session, attempt, now, Outcome.FAILED, (), kind, text)


def record_listed(session: Session, attempt: Attempt, outcome: Outcome, connection_id: uuid.UUID) -> None:
    """The record of a run that listed a new login's accounts; `connection_id` is where that login ended up."""
    session.flush()
    record(session, attempt, clock(session), outcome, (), connection_id=connection_id)
