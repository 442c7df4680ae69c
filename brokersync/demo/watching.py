"""The demo while it runs: a line for every update, and one for whatever else happens to it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import redis
from rich.console import RenderableType
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from brokersync import cells, queries
from brokersync.demo.happenings import Happenings
from brokersync.demo.listener import Listener
from brokersync.demo.notes import note_line
from brokersync.demo.output import Output
from brokersync.demo.snapshot import Snapshot, failed_runs
from brokersync.demo.stage import Stage
from brokersync.live_lines import update_line
from brokersync.queries import Row
from brokersync.updates import Updates
from models.session import Database

# Seconds. Somebody who kills a part sees that it was noticed at once.
LISTEN = 0.5
LOOK_EVERY = 1.0

POSTGRESQL, REDIS = "PostgreSQL", "Redis"


class Watch:
    """Goes on from the first screen, which showed `shown`."""

    def __init__(self, stage: Stage, database: Database, shown: Snapshot, updates: Updates) -> None:
        self._stage = stage
        self._database = database
        self._updates = updates
        self._connection_id = shown.connection["connection_id"]
        self._masked = _masked_numbers(shown.accounts)
        self._told_until = shown.runs[-1].finished_at
        self._happenings = Happenings(shown.connection, stage.states())

    def run(self, listener: Listener, output: Output) -> None:
        """Until somebody ends the demo. Raises `stage.StageFell`."""
        next_look = time.monotonic() + LOOK_EVERY
        while True:
            self._stage.check()
            for line in self._data(listener, output.width):
                output.print(line)
            if time.monotonic() >= next_look:
                for note in self._look():
                    output.print(note_line(datetime.now(UTC), note))
                next_look = time.monotonic() + LOOK_EVERY

    def _data(self, listener: Listener, width: int) -> Iterator[RenderableType]:
        try:
            heard = listener.next(LISTEN)
        except redis.RedisError:
            time.sleep(LISTEN)
            for note in self._happenings.silent(REDIS):
                yield note_line(datetime.now(UTC), note)
            return
        for note in self._happenings.answering(REDIS):
            yield note_line(datetime.now(UTC), note)
        while listener.happened:
            for note in self._happenings.event(listener.happened.popleft()):
                yield note_line(datetime.now(UTC), note)
        update = None if heard is None else self._updates.take(heard)
        if update is not None:
            yield update_line(update, self._number(update.account_id), datetime.now(UTC), width)

    def _number(self, account_id: str) -> str:
        """The masked number; of an account that somebody linked meanwhile too."""
        if account_id not in self._masked:
            self._masked |= _masked_numbers(queries.accounts(self._database))
        return self._masked.get(account_id, account_id[: cells.SHORT_ID])

    def _look(self) -> Iterator[Text]:
        yield from self._happenings.restarted(self._stage.states())
        try:
            (connection,) = queries.connections(self._database, connection_id=self._connection_id) or (None,)
            runs = failed_runs(self._database, self._connection_id, self._told_until)
        except DBAPIError:
            yield from self._happenings.silent(POSTGRESQL)
            return
        yield from self._happenings.answering(POSTGRESQL)
        yield from self._happenings.failed(runs)
        self._told_until = max([self._told_until, *(run.finished_at for run in runs)])
        if connection is not None:
            yield from self._happenings.status(connection)


def _masked_numbers(accounts: Sequence[Row]) -> dict[str, str]:
    return {str(account["account_id"]): account["masked"] for account in accounts}
