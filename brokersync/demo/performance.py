"""The demo from the first process to the last line: put up the stage, link, wait for rows, show, watch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from brokersync.demo.document import document
from brokersync.demo.first_rows import wait_for_rows
from brokersync.demo.leftovers import Traces
from brokersync.demo.linking import link
from brokersync.demo.listener import Listener, listening
from brokersync.demo.output import Output
from brokersync.demo.progress import Progress
from brokersync.demo.screen import show_data, show_the_way_on
from brokersync.demo.snapshot import Snapshot
from brokersync.demo.stage import USER, Stage, put_up
from brokersync.demo.watching import Watch
from brokersync.updates import Updates
from models.session import Database


@dataclass(frozen=True)
class Performance:
    """A demo whose first rows and messages are there."""

    stage: Stage
    database: Database
    listener: Listener
    updates: Updates
    snapshot: Snapshot
    seconds_from_allow: float

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        return document(self.snapshot, self.listener.heard)

    def show(self, output: Output) -> None:
        """What is there: the first part of the first screen."""
        show_data(output, self.snapshot, self.seconds_from_allow)

    def show_the_way_on(self, output: Output) -> None:
        """What to open and to type while it runs: the second part."""
        show_the_way_on(output, self.snapshot.connection, self.stage.environ, self.stage.environment_file)

    def watch(self, output: Output) -> None:
        """Show what comes, until somebody ends it. Raises `stage.StageFell`."""
        output.print(Text.assemble("\n", ("Live", "bold"), "  as the market moves; Ctrl-C ends it all"))
        Watch(self.stage, self.database, self.snapshot, self.updates).run(self.listener, output)


@contextmanager
def performing(progress: Progress, seed: int, notify: Sequence[str], traces: Traces) -> Iterator[Performance]:
    """Start everything, link a login and wait for its rows; all of it ends with the block.

    Raises what `stage.put_up` raises, `browser.PageFailed` and `readiness.NotReady`.
    """
    with ExitStack() as stack:
        stage = stack.enter_context(put_up(progress, seed, notify, traces))
        database = Database(stage.settings.require_database_url(), pool_size=1)
        stack.callback(database.close)
        # Before the login is linked, so that its first message is heard too.
        listener = stack.enter_context(listening(stage.settings.require_live_data_redis_url()))
        updates = Updates()
        with progress.step("Link a login, as a person with a browser"):
            allowed_at = link(stage.environ, USER)
        with progress.step("First rows in PostgreSQL, first messages on Redis"):
            snapshot = wait_for_rows(database, USER, listener, updates, stage.processes, progress.passing)
        yield Performance(stage, database, listener, updates, snapshot, time.monotonic() - allowed_at)
