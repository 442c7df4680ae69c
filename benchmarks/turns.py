"""One sync of ours and one of the floor as works that take turns on the same login."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from benchmarks import floor_tables, logins
from benchmarks.answers import Shape
from benchmarks.logins import Login
from benchmarks.report import Spoiled
from benchmarks.rounds import Work
from benchmarks.stage import Stage
from worker.outcomes import Outcome, SyncResult
from worker.sync import sync_connection


@dataclass
class Turns:
    """A login whose accounts are known to both. Both get an answer in which every price has moved since their last one."""

    stage: Stage
    login: Login
    ticks: count[int] = field(default_factory=count)

    @property
    def changed(self) -> Work:
        def moved() -> uuid.UUID:
            self._move()
            return self._dispatched()

        return Work(moved, self.sync, lambda result: _require(result, Outcome.OK))

    @property
    def first_unchanged(self) -> Work:
        """The first answer that brings nothing new, after one that did."""
        return Work(lambda: self._after(self.changed), self.sync, _require_unchanged)

    @property
    def unchanged(self) -> Work:
        """Any further one: what nearly all syncs are at night and on weekends."""
        repeated = Work(self._dispatched, self.sync, _require_unchanged)
        return Work(lambda: self._after(repeated), self.sync, _require_unchanged)

    @property
    def floor(self) -> Work:
        login = self.login
        accounts = logins.accounts(self.stage.parts.database, [login])[login.connection_id]
        return Work(
            self._move,
            lambda _: self.stage.floor.sync(login.token, str(login.connection_id), login.user_id, accounts),
            lambda _: None,
        )

    def sync(self, message_id: object) -> SyncResult:
        """One scheduled sync, as the task runs it."""
        return sync_connection(self.stage.parts, self.login.connection_id, "schedule", str(message_id))

    def _move(self) -> None:
        self.stage.stand_in.answer(tick=next(self.ticks))

    def _after(self, work: Work) -> uuid.UUID:
        """Run that one first, unmeasured."""
        work.check(work.run(work.prepare()))
        return self._dispatched()

    def _dispatched(self) -> uuid.UUID:
        return logins.dispatch(self.stage.parts.database, [self.login])[self.login.connection_id]


def linked(stage: Stage, shape: Shape) -> Turns:
    """A new login of that shape, synced once."""
    (login,) = logins.link(stage.parts.database, shape)
    turns = Turns(stage, login)
    work = turns.changed
    work.check(work.run(work.prepare()))
    floor_tables.copy_accounts(stage.parts.database)
    return turns


def _require_unchanged(result: Any) -> None:
    _require(result, Outcome.UNCHANGED)


def _require(result: Any, outcome: Outcome) -> None:
    if result.outcome is not outcome:
        raise Spoiled(f"A sync ended as {result.outcome}, not as {outcome}, so its cost says nothing.")
