"""How fast a queue full of syncs is worked off: ours by the real worker, the floor's by its bare task."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis
from sqlalchemy import func, select, text

from benchmarks import floor_app, floor_tables, logins
from benchmarks.answers import Shape
from benchmarks.floor import RUNS
from benchmarks.logins import Login
from benchmarks.report import Spoiled
from benchmarks.stage import Stage
from benchmarks.workers import FLOOR, OUR_QUEUE, OURS, Workers
from worker.limits import QUEUE_WAIT

_LOOK_EVERY = 0.1
_FINISHED = text(
    "SELECT count(*), extract(epoch FROM min(started_at))::float8, extract(epoch FROM max(finished_at))::float8,"
    " count(*) FILTER (WHERE outcome <> 'ok') FROM sync_runs WHERE trigger = 'schedule' AND started_at >= :since"
)


@dataclass(frozen=True)
class Span:
    """So many runs that ended, from the start of the first to the end of the last, in seconds since 1970."""

    runs: int
    began: float
    ended: float

    @property
    def per_second(self) -> float:
        return self.runs / (self.ended - self.began)


@dataclass(frozen=True)
class Queue:
    """Logins to sync over and over, each time with a message for each."""

    stage: Stage
    workers: Workers
    logins: Sequence[Login]

    def ours(self, pause: float = 0.0) -> Span:
        """Sync each of them once by the real worker, the messages `pause` seconds apart."""
        database = self.stage.parts.database
        with database.session() as session:
            since = session.scalars(select(func.clock_timestamp())).one()
        for connection_id, message_id in logins.dispatch(database, self.logins).items():
            # As the dispatcher's task sends them.
            self.workers.celery.send_task(
                "sync_connection",
                (str(connection_id), "schedule"),
                task_id=str(message_id),
                expires=QUEUE_WAIT.total_seconds(),
                ignore_result=True,
                queue=OUR_QUEUE,
            )
            time.sleep(pause)

        def finished() -> Span:
            with database.session() as session:
                runs, began, ended, others = session.execute(_FINISHED, {"since": since}).one()
            if others:
                raise Spoiled(f"{others} syncs did not end as ok. The worker wrote:\n{self.workers.last_words(OURS)}")
            return Span(runs, began, ended)

        return self._all(finished, OURS)

    def floor(self) -> Span:
        """The floor's work on each of them once, by its bare task."""
        accounts = logins.accounts(self.stage.parts.database, self.logins)
        with redis.Redis.from_url(self.stage.environ["REDIS_URL"], decode_responses=True) as client:
            client.delete(RUNS)
            for login in self.logins:
                self.workers.celery.send_task(
                    floor_app.TASK,
                    (login.token, str(login.connection_id), login.user_id, accounts[login.connection_id]),
                    expires=QUEUE_WAIT.total_seconds(),
                    ignore_result=True,
                    queue=floor_app.QUEUE,
                )

            def finished() -> Span:
                runs = [run.split() for run in client.lrange(RUNS, 0, -1)]
                began = min((float(begin) for begin, _ in runs), default=0.0)
                return Span(len(runs), began, max((float(end) for _, end in runs), default=0.0))

            return self._all(finished, FLOOR)

    def turns(self, rounds: int) -> list[tuple[float, float]]:
        """How many a second, ours and the floor's, in each round."""
        speeds = []
        for number in range(rounds):
            # Who comes first changes, so that nobody always meets what the other has left behind.
            if number % 2:
                floor, ours = self.floor(), self.ours()
            else:
                ours, floor = self.ours(), self.floor()
            speeds.append((ours.per_second, floor.per_second))
        return speeds

    def _all(self, finished: Callable[[], Span], app: str) -> Span:
        until = time.monotonic() + QUEUE_WAIT.total_seconds()
        while (span := finished()).runs < len(self.logins):
            if time.monotonic() > until:
                raise Spoiled(
                    f"{span.runs} of {len(self.logins)} syncs came to an end. {app} wrote:\n{self.workers.last_words(app)}"
                )
            time.sleep(_LOOK_EVERY)
        return span


def filled(stage: Stage, workers: Workers, shape: Shape, count: int) -> Queue:
    """New logins whose accounts both know. Each slot has worked once then, with its connections made."""
    queue = Queue(stage, workers, logins.link(stage.parts.database, shape, count))
    queue.ours()
    floor_tables.copy_accounts(stage.parts.database)
    queue.floor()
    return queue
