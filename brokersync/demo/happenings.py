"""What happens to the demo beside its data: parts that died, syncs that failed, a login that ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from brokersync import cells
from brokersync.demo.commands import repair_command
from brokersync.queries import Row
from brokersync.supervisor import State
from models.connection import Status
from models.run import SyncRun


class Happenings:
    """Remembers what was told, so that everything is told once."""

    def __init__(self, connection: Row, states: Mapping[str, State]) -> None:
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
                line.append(f": the login has ended, so log in again: {repair_command(connection['connection_id'])}")
            yield line

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
