"""The tasks, by the names that other programs rely on. Arguments are ids, results plain JSON; the work is elsewhere.

What cannot be done as it was asked for (no such connection, a paused one, an id that is none) fails with `CannotSync`.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from celery import Task

from worker import demand, dispatch, idle_logins, outages, pending, probing, sync
from worker.app import app, parts, watchdog
from worker.arguments import a_flag, a_user, an_id
from worker.delivery import deliver
from worker.disconnect import disconnect as disconnect_connection
from worker.limits import QUEUE_WAIT
from worker.outcomes import CannotSync
from worker.prune import prune as prune_rows
from worker.summary import NoSuchAccount
from worker.summary import account_summary as summarise
from worker.watch_logins import watch_logins as watch

EXPECTED = (CannotSync, NoSuchAccount)
"""The caller's faults, not ours: a line in the log, without a traceback."""


@app.task(name="sync_connection", bind=True, ignore_result=False, throws=EXPECTED)
def sync_connection(self: Task[Any, Any], connection_id: str, trigger: str = "demand") -> dict[str, Any]:
    with watchdog.watching("sync_connection"):
        wanted = an_id(connection_id, "connection_id")
        return sync.sync_connection(parts(), wanted, trigger, self.request.id).as_json()


@app.task(name="sync_account", bind=True, ignore_result=False, throws=EXPECTED)
def sync_account(self: Task[Any, Any], account_id: str, force: bool = False) -> dict[str, Any]:
    with watchdog.watching("sync_account"):
        wanted = an_id(account_id, "account_id")
        return demand.sync_account(parts(), wanted, a_flag(force, "force"), self.request.id)


# What it returns are balances: they belong in the result, not in Celery's log line and events.
@app.task(name="account_summary", ignore_result=False, resultrepr_maxsize=0, throws=EXPECTED)
def account_summary(account_id: str | None = None, user_id: str | None = None) -> dict[str, str]:
    with watchdog.watching("account_summary"):
        account = None if account_id is None else an_id(account_id, "account_id")
        return summarise(parts().database, account, None if user_id is None else a_user(user_id))


@app.task(name="disconnect", ignore_result=False, throws=EXPECTED)
def disconnect(connection_id: str, erase: bool = False) -> dict[str, Any]:
    with watchdog.watching("disconnect"):
        return disconnect_connection(parts(), an_id(connection_id, "connection_id"), a_flag(erase, "erase"))


@app.task(name="dispatch_due_connections")
def dispatch_due_connections() -> int:
    with watchdog.watching("dispatch_due_connections"):
        ours = parts()
        return dispatch.dispatch_due_connections(ours.database, _send, partial(outages.waiting, ours))


@app.task(name="probe_apps")
def probe_apps() -> int:
    with watchdog.watching("probe_apps"):
        return probing.probe_apps(parts())


@app.task(name="publish_pending")
def publish_pending() -> int:
    with watchdog.watching("publish_pending"):
        return pending.publish_pending(parts())


@app.task(name="watch_logins")
def watch_logins() -> int:
    with watchdog.watching("watch_logins"):
        return watch(parts().database, parts().settings)


@app.task(name="deliver_events")
def deliver_events() -> int:
    with watchdog.watching("deliver_events"):
        return deliver.deliver_events(parts())


@app.task(name="refresh_idle_logins")
def refresh_idle_logins() -> int:
    with watchdog.watching("refresh_idle_logins"):
        return idle_logins.refresh_idle_logins(parts())


@app.task(name="prune")
def prune() -> int:
    with watchdog.watching("prune"):
        return prune_rows(parts().database)


def _send(connection_id: uuid.UUID, claim_id: uuid.UUID) -> None:
    sync_connection.apply_async(
        (str(connection_id), "schedule"),
        task_id=str(claim_id),
        expires=QUEUE_WAIT.total_seconds(),
        ignore_result=True,
    )
