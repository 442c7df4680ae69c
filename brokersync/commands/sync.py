"""`brokersync sync`."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import click
from celery import Celery
from rich.console import RenderableType
from rich.text import Text

from brokersync import asking, cells, database, ids, options, queries, stopped, why_deferred
from brokersync.asking import Asked, Run
from brokersync.documents import printed
from brokersync.explanations import FAILED, INTERRUPTED, Failed
from brokersync.fitting import new_table
from brokersync.screen import say, show
from brokersync.sync_progress import SyncProgress
from models.connection import Status
from models.session import Database
from worker.app import app

MEANINGS = {
    "ok": "new data",
    "unchanged": "the broker confirmed what was there",
    "busy": "another run is at it; it is asked again as soon as that one has succeeded",
    "deferred": "the broker or the login is not ready; it is asked again by itself",
    "superseded": "another run was first, or a newer login",
    "sent": "the worker is told; `brokersync watch` shows what comes of it",
}


@click.command("sync")
@click.option(
    "--all", "every", is_flag=True, help="Every connection that is not paused or ended; exit code 1 if all are."
)
@options.connection
@options.account
@click.option(
    "--wait", is_flag=True, help="Wait for what comes of it; exit code 1 if any failed or could not be asked."
)
@click.option("--force", is_flag=True, help="With --account: ask the broker even if it was asked a moment ago.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    connection: str | None,
    account: str | None,
    *,
    every: bool,
    wait: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Ask the broker now.

    Name what to sync: --all, --connection or --account. The worker does it; the command only tells it to, and waits if
    you say so. Standard error shows how far it is; Ctrl-C ends the waiting, not the syncs.

    \b
    Example:
      brokersync sync --all --wait
    """
    if (every, connection is not None, account is not None).count(True) != 1:
        raise click.UsageError("Name what to sync: either --all, or --connection ID, or --account ID.")
    if force and account is None:
        raise click.UsageError("--force belongs to --account: a whole connection is always asked anew.")
    with database.opened() as opened:
        connections, account_id = _wanted(opened, connection, account)
        if connections:
            asking.require_worker(app)
        asked, cut_short = _ask_all(app, connections, account_id, force=force)
        come, interrupted = _wait(opened, asked) if wait and asked and not cut_short else ({}, False)
        runs = why_deferred.explained(opened, [come.get(each.task_id) or each.run(asking.SENT) for each in asked])
    if as_json:
        click.echo(printed({"runs": [run.as_json() for run in runs]}))
    elif runs:
        show(_report(runs))
    elif not cut_short:
        say("No login is linked here, so there is nothing to sync: `brokersync link` makes a link.")
    if cut_short:
        said = f"{len(asked)} of {len(connections)} had been asked, and that goes on"
        click.echo(f"{said}: `brokersync connections` shows what becomes of it.", err=True)
        ctx.exit(INTERRUPTED)
    if interrupted:
        waited_for = f"{len(come)} of {len(asked)} had answered. What was asked goes on"
        click.echo(f"{waited_for}: `brokersync connections` shows what becomes of it.", err=True)
        ctx.exit(INTERRUPTED)
    if any(run.failed for run in runs):
        ctx.exit(FAILED)


def _ask_all(
    app: Celery, connections: Sequence[uuid.UUID], account_id: uuid.UUID | None, *, force: bool
) -> tuple[list[Asked], bool]:
    """What was asked, and whether somebody ended the asking before everything was."""
    asked: list[Asked] = []
    try:
        for connection_id in connections:
            asked.append(_ask(app, connection_id, account_id, force=force))
    except KeyboardInterrupt:
        return asked, True
    return asked, False


def _wait(opened: Database, asked: Sequence[Asked]) -> tuple[dict[str, Run], bool]:
    """What has come, by the task's id, and whether somebody ended the waiting before everything had."""
    come: dict[str, Run] = {}
    with SyncProgress(len(asked)) as progress:
        try:
            for run in asking.answers(opened, app, asked, progress.passing):
                come[run.task_id] = run
                progress.came(failed=run.failed)
        except KeyboardInterrupt:
            return come, True
    return come, False


def _wanted(opened: Database, connection: str | None, account: str | None) -> tuple[list[uuid.UUID], uuid.UUID | None]:
    """The connections to ask, and the account if only one is meant.

    Raises `Failed` where those that are meant are not asked at all, with what has to be done about each.
    """
    account_id = None if account is None else ids.account_id(opened, account)
    rows = queries.connections(opened, connection_id=_chosen(opened, connection, account_id))
    every = connection is None and account_id is None
    # Who disconnected a login wants nothing synced; whoever names it wants to know why not.
    linked = [row for row in rows if row["status"] != Status.DISCONNECTED] if every else rows
    asked = [row["connection_id"] for row in linked if not stopped.is_stopped(row)]
    if linked and not asked:
        raise Failed(f"Nothing was asked. {stopped.reasons(linked)}")
    return asked, account_id


def _chosen(opened: Database, connection: str | None, account_id: uuid.UUID | None) -> uuid.UUID | None:
    if account_id is not None:
        (row,) = queries.accounts(opened, account_id=account_id)
        chosen: uuid.UUID = row["connection_id"]
        return chosen
    return None if connection is None else ids.connection_id(opened, connection)


def _ask(app: Celery, connection_id: uuid.UUID, account_id: uuid.UUID | None, *, force: bool) -> Asked:
    if account_id is not None:
        return asking.ask_account(app, connection_id, account_id, force=force)
    return asking.ask_connection(app, connection_id)


def _report(runs: Sequence[Run]) -> RenderableType:
    table = new_table("Connection", "Outcome", "Accounts", "What it means", droppable=("Accounts",))
    for run in runs:
        table.add_row(
            cells.short_id(run.connection_id),
            Text(run.outcome, style="bold red" if run.failed else "green"),
            _counted(run.accounts),
            cells.plain(run.error or MEANINGS.get(run.outcome, "")),
        )
    return table


def _counted(accounts: Sequence[Mapping[str, Any]]) -> str:
    """`2 ok, 1 unchanged`"""
    counts = Counter(account["outcome"] for account in accounts)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "—"
