"""Waiting for what a link promises: rows in PostgreSQL and messages on Redis, of every account."""

from __future__ import annotations

import time
from collections.abc import Callable

from brokersync.demo.listener import Listener, channels
from brokersync.demo.readiness import NotReady, end_of_log
from brokersync.demo.snapshot import Snapshot, read
from brokersync.supervisor import Processes
from brokersync.updates import Updates
from models.session import Database

PATIENCE = 30.0
LOOK_EVERY = 0.1


def wait_for_rows(
    database: Database,
    user_id: str,
    listener: Listener,
    updates: Updates,
    processes: Processes,
    passing: Callable[[], None],
) -> Snapshot:
    """The first snapshot that is whole and was published. `updates` is given what is heard. Raises `NotReady`."""
    deadline = time.monotonic() + PATIENCE
    while True:
        passing()
        document = listener.next(LOOK_EVERY)
        if document is not None:
            updates.take(document)
            continue
        snapshot = read(database, user_id)
        if snapshot is not None and snapshot.is_synced and _all_published(snapshot, listener):
            return snapshot
        if time.monotonic() > deadline:
            raise NotReady(_why(snapshot, processes))


def _all_published(snapshot: Snapshot, listener: Listener) -> bool:
    heard = {channel for channel, _ in listener.heard}
    return all(heard.issuperset(channels(account["account_id"])) for account in snapshot.accounts)


def _why(snapshot: Snapshot | None, processes: Processes) -> str:
    what = f"The login was linked, but its rows and messages did not come within {PATIENCE:.0f} s"
    if snapshot is not None and snapshot.connection["last_error_text"]:
        what = f"{what} ({snapshot.connection['last_error_text']})"
    return f"{what}. worker: {end_of_log(processes.log('worker'))}"
