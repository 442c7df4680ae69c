"""Celery as a command line sees it: messages go out, answers written down beforehand come back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from celery import Celery

from models.run import SyncRun
from models.session import Database


class FakeCelery(Celery):
    """`told` is what every task returns, raises (an exception), or never does (`NEVER`); a function says it by arguments.

    Results are kept in this process's memory, as the real backend would keep them on Redis.
    """

    NEVER = object()

    def __init__(self, told: object = None, workers: int = 1) -> None:
        super().__init__("fake", set_as_current=False, backend="cache+memory://")
        self._told = told
        self._workers = workers
        self.sent: list[tuple[str, Sequence[object]]] = []
        self.expires: list[float] = []

    @property
    def control(self) -> Any:
        return SimpleNamespace(broadcast=lambda *arguments, **options: [{"pong": "ok"}] * self._workers)

    def send_task(self, name: str, args: Sequence[object] = (), **options: Any) -> Any:
        self.sent.append((name, args))
        self.expires.append(options["expires"])
        task_id = str(uuid.uuid4())
        told = self._told(*args) if callable(self._told) else self._told
        if told is not self.NEVER:
            failed = isinstance(told, Exception)
            self.backend.store_result(task_id, told, "FAILURE" if failed else "SUCCESS")
        return SimpleNamespace(id=task_id)

    @staticmethod
    def recorded(database: Database, connection_id: uuid.UUID, task_id: str, accounts: list[dict[str, Any]]) -> None:
        """What the worker writes down of a failed run."""
        now = datetime.now(UTC)
        with database.session() as session:
            session.add(
                SyncRun(
                    id=uuid.uuid4(),
                    connection_id=connection_id,
                    trigger="demand",
                    task_id=task_id,
                    started_at=now,
                    finished_at=now,
                    outcome="failed",
                    accounts=accounts,
                )
            )
