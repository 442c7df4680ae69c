"""Asking the workers for a sync, and waiting for what came of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from celery import Celery
from celery.exceptions import TimeoutError as NoAnswerYet
from celery.result import AsyncResult
from sqlalchemy import select

from models.run import SyncRun
from models.session import Database
from worker import limits
from worker.outcomes import CannotSync, Outcome, SyncFailed

SENT = "sent"
"""The outcome of a run that nobody waited for."""

PING_SECONDS = 1.0
LONGEST_WAIT = limits.QUEUE_WAIT + limits.CLAIM
"""A message may wait for a slot, and its run may hold the connection: after that nothing comes any more."""


class NoWorker(Exception):
    """Nobody would take the message. The message says how a worker is started."""


@dataclass(frozen=True)
class Run:
    """What came of one connection. `accounts` as the worker tells it: `{account_id, outcome, version, error}`."""

    connection_id: uuid.UUID
    outcome: str
    task_id: str
    accounts: Sequence[Mapping[str, Any]] = ()
    error: str | None = None

    @property
    def failed(self) -> bool:
        return self.outcome == Outcome.FAILED

    def as_json(self) -> dict[str, Any]:
        return {
            "connection_id": str(self.connection_id),
            "outcome": self.outcome,
            "task_id": self.task_id,
            "error": self.error,
            "accounts": list(self.accounts),
        }


@dataclass(frozen=True)
class Asked:
    """A message that is on its way. `account_id`: only this account was asked for."""

    connection_id: uuid.UUID
    result: AsyncResult[Any] = field(repr=False)
    account_id: uuid.UUID | None = None

    def run(self, outcome: str, accounts: Sequence[Mapping[str, Any]] = (), error: str | None = None) -> Run:
        return Run(self.connection_id, outcome, str(self.result.id), accounts, error)


def workers(app: Celery) -> int:
    """How many workers answer at once: 1 stands for "one or more", since the first answer is enough."""
    return len(app.control.broadcast("ping", reply=True, timeout=PING_SECONDS, limit=1) or ())


def require_worker(app: Celery) -> None:
    """Raises `NoWorker`, so that nobody waits for a message that nobody will take."""
    if not workers(app):
        raise NoWorker("No worker answers, so nothing was asked. `honcho start` runs the worker with the rest.")


def ask_connection(app: Celery, connection_id: uuid.UUID) -> Asked:
    return Asked(connection_id, _send(app, "sync_connection", str(connection_id)))


def ask_account(app: Celery, connection_id: uuid.UUID, account_id: uuid.UUID, *, force: bool) -> Asked:
    return Asked(connection_id, _send(app, "sync_account", str(account_id), force), account_id)


def answers(database: Database, asked: Sequence[Asked]) -> list[Run]:
    """Wait for all of them together. What did not come in time counts as failed, and says so."""
    end = time.monotonic() + LONGEST_WAIT.total_seconds()
    return [_answer(database, each, max(0.1, end - time.monotonic())) for each in asked]


def _send(app: Celery, task: str, *arguments: object) -> AsyncResult[Any]:
    # A message that no slot took in time is void, like the dispatcher's: the answer would come to nobody.
    return app.send_task(task, arguments, expires=limits.QUEUE_WAIT.total_seconds(), ignore_result=False)


def _answer(database: Database, asked: Asked, seconds: float) -> Run:
    try:
        told = asked.result.get(timeout=seconds, propagate=False)
    except NoAnswerYet:
        return asked.run(Outcome.FAILED, error="no answer in time; `brokersync connections` shows what became of it")
    if isinstance(told, SyncFailed):
        return asked.run(Outcome.FAILED, _accounts_of_run(database, asked), str(told))
    if isinstance(told, CannotSync):
        return asked.run(Outcome.FAILED, error=str(told))
    if not isinstance(told, dict):
        return asked.run(Outcome.FAILED, error="the task did not run to its end; the worker's log says why")
    if asked.account_id is not None:
        account = {name: told[name] for name in ("account_id", "outcome", "version")}
        return asked.run(told["outcome"], [account | {"error": None}])
    return asked.run(told["outcome"], told["accounts"])


def _accounts_of_run(database: Database, asked: Asked) -> Sequence[Mapping[str, Any]]:
    """Which accounts a failed run read well: its exception does not say, its record does."""
    with database.session() as session:
        accounts = session.scalars(select(SyncRun.accounts).where(SyncRun.task_id == str(asked.result.id)))
        return accounts.first() or ()
