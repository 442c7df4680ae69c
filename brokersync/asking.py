"""Asking the workers for a sync, and waiting for what came of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from celery import Celery
from celery.exceptions import TaskRevokedError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from models.run import SyncRun
from models.session import Database
from worker import limits
from worker.outcomes import CannotSync, Outcome, SyncFailed

SENT = "sent"
"""The outcome of a run that nobody waited for."""

PING_SECONDS = 1.0
LONGEST_WAIT = limits.QUEUE_WAIT + limits.CLAIM
"""A message may wait for a slot, and its run may hold the connection: after that nothing comes any more."""
LOOK_SECONDS = 0.25
"""Between two looks for answers, each of which is one command to Redis however many are awaited: too short to be felt."""


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
        """Also one that was only deferred counts, where `error` says that nobody at its broker could be asked."""
        return self.error is not None

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
    task_id: str
    account_id: uuid.UUID | None = None

    def run(self, outcome: str, accounts: Sequence[Mapping[str, Any]] = (), error: str | None = None) -> Run:
        return Run(self.connection_id, outcome, self.task_id, accounts, error)


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


def answers(database: Database, app: Celery, asked: Sequence[Asked], passing: Callable[[], None]) -> Iterator[Run]:
    """What comes of each, as it comes; `passing` is called while nothing does. What does not come in time has failed.

    A Redis that is away for a moment is asked again; results that it lost with it do not come in time.
    """
    waiting = {each.task_id: each for each in asked}
    end = time.monotonic() + LONGEST_WAIT.total_seconds()
    while waiting and time.monotonic() < end:
        for task_id, told in _come(app, set(waiting)):
            yield _run(database, waiting.pop(task_id), told)
        passing()
        if waiting:
            time.sleep(LOOK_SECONDS)
    for each in waiting.values():
        yield each.run(Outcome.FAILED, error="no answer in time; `brokersync connections` shows what became of it")


def _send(app: Celery, task: str, *arguments: object) -> str:
    # A message that no slot took in time is void, like the dispatcher's: the answer would come to nobody.
    return str(app.send_task(task, arguments, expires=limits.QUEUE_WAIT.total_seconds(), ignore_result=False).id)


def _come(app: Celery, task_ids: set[str]) -> list[tuple[str, Any]]:
    """The tasks among these that have ended, each with what it returned or raised."""
    backend: Any = app.backend  # celery's types do not know what every store of keys and values has
    try:
        ended = list(backend.get_many(task_ids, interval=0, max_iterations=1))
    except redis.RedisError:
        return []
    return [(task_id, meta["result"]) for task_id, meta in ended]


def _run(database: Database, asked: Asked, told: object) -> Run:
    if isinstance(told, SyncFailed):
        return asked.run(Outcome.FAILED, _accounts_of_run(database, asked), str(told))
    if isinstance(told, CannotSync):
        return asked.run(Outcome.FAILED, error=str(told))
    if isinstance(told, TaskRevokedError):
        return asked.run(Outcome.FAILED, error="no slot of the worker was free in time; it is asked again by itself")
    if not isinstance(told, dict):
        return asked.run(Outcome.FAILED, error="the task did not run to its end; the worker's log says why")
    if asked.account_id is not None:
        account = {name: told[name] for name in ("account_id", "outcome", "version")}
        return asked.run(told["outcome"], [account | {"error": None}])
    return asked.run(told["outcome"], told["accounts"])


def _accounts_of_run(database: Database, asked: Asked) -> Sequence[Mapping[str, Any]]:
    """Which accounts a failed run read well: its exception does not say, its record does, if that can be read."""
    try:
        with database.session() as session:
            accounts = session.scalars(select(SyncRun.accounts).where(SyncRun.task_id == asked.task_id))
            return accounts.first() or ()
    except DBAPIError:
        return ()
