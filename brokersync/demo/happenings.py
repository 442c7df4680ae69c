"""What happens to the demo beside its data: parts that died, syncs that failed, a login that ended."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.text import Text

from brokersync import cells, live_events
from brokersync.demo.commands import NAME, program, repair_command
from brokersync.live import Document
from brokersync.queries import Row
from brokersync.supervisor import State
from models.connection import Status
from models.run import SyncRun

TOLD_BY_STATUS = frozenset(
    {"linked", "reauth_required", "credentials_unreadable", "paused", "given_up", "resumed", "disconnected"}
)
"""Events of the demo's own connection that need no line: its status is told, also while Redis is away."""


class Happenings:
    """Remembers what was told, so that everything is told once."""

    def __init__(self, connection: Row, states: Mapping[str, State]) -> None:
        self._connection_id = str(connection["connection_id"])
        self._events: set[str] = set()
        self._status = connection["status"]
        self._restarts = {name: state.restarts for name, state in states.items()}
        self._silent: set[str] = set()

    def restarted(self, states: Mapping[str, State]) -> Iterator[Text]:
        """The processes that had ended and run again."""
        for name, state in states.items():
            if state.restarts > self._restarts[name] and state.alive:
                self._restarts[name] = state.restarts
                yield Text.assemble((name, "bold"), " had ended and runs again")

    def status(self, connection: Row) -> Iterator[Text]:
        """The connection's status, when it has changed."""
        if connection["status"] != self._status:
            self._status = connection["status"]
            line = Text.assemble("the connection is ", cells.status(self._status))
            if self._status == Status.REAUTH_REQUIRED:
                line.append(
                    f": the login has ended, so log in again with\n{repair_command(connection['connection_id'])}"
                )
            yield line

    def event(self, document: Document) -> Iterator[Text]:
        """An event that subscribers are told of, such as a login that nears its end. It may come twice."""
        is_own = document["connection_id"] == self._connection_id
        if document["event_id"] not in self._events and not (is_own and document["event"] in TOLD_BY_STATUS):
            yield _as_typed_here(live_events.told(document))
        self._events.add(document["event_id"])

    def failed(self, runs: Sequence[SyncRun]) -> Iterator[Text]:
        """Syncs that failed."""
        for run in runs:
            yield Text.assemble(("sync failed", "red"), ", old rows stay: ", cells.plain(run.error_text))

    def silent(self, server: str) -> Iterator[Text]:
        """A server does not answer: told when it begins."""
        if server not in self._silent:
            self._silent.add(server)
            yield Text.assemble((server, "bold"), " does not answer")

    def answering(self, server: str) -> Iterator[Text]:
        """A server answers: told when it did not before."""
        if server in self._silent:
            self._silent.remove(server)
            yield Text.assemble((server, "bold"), " answers again")


def _as_typed_here(told: Text) -> Text:
    """With the path of our program, where the reader's shell may have none."""
    before, found, _ = told.plain.partition(f"\n{NAME} ")
    if not found:
        return told
    begins = len(before) + 1
    return Text.assemble(told[:begins], program(Path(sys.executable), Path.cwd()), told[begins + len(NAME) :])
