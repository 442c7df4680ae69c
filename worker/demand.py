"""What other programs ask for by name: a sync of one account now."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select

from models.account import Account, AccountCheck
from models.session import Database
from worker import sync
from worker.outcomes import CannotSync, Outcome
from worker.parts import Parts


def sync_account(parts: Parts, account_id: uuid.UUID, force: bool, task_id: str | None) -> dict[str, Any]:
    """Sync one account unless the broker confirmed it a moment ago (`FRESHNESS_LIMIT`) and `force` is off.

    Returns `{account_id, outcome, version, checked_at, run_id}`; `busy` carries the id of the run that is at work.
    Raises as `worker.sync.sync_connection` does.
    """
    with parts.database.session() as session:
        row = session.execute(
            select(Account.connection_id, AccountCheck.checked_at, func.clock_timestamp())
            .outerjoin(AccountCheck, AccountCheck.account_id == Account.id)
            .where(Account.id == account_id)
        ).one_or_none()
    if row is None:
        raise CannotSync(f"There is no account {account_id}.")
    connection_id, checked_at, now = row
    if not force and checked_at is not None and now - checked_at < parts.settings.freshness_limit:
        return _answer(parts.database, account_id, Outcome.UNCHANGED, None)
    result = sync.sync_account(parts, connection_id, account_id, task_id)
    return _answer(parts.database, account_id, result.outcome, result.run_id)


def _answer(database: Database, account_id: uuid.UUID, outcome: Outcome, run_id: uuid.UUID | None) -> dict[str, Any]:
    with database.session() as session:
        row = session.execute(
            select(Account.version, AccountCheck.checked_at)
            .outerjoin(AccountCheck, AccountCheck.account_id == Account.id)
            .where(Account.id == account_id)
        ).one_or_none()
    version, checked_at = (None, None) if row is None else row
    return {
        "account_id": str(account_id),
        "outcome": outcome.value,
        "version": version,
        "checked_at": None if checked_at is None else checked_at.isoformat().replace("+00:00", "Z"),
        "run_id": None if run_id is None else str(run_id),
    }
