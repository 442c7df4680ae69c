"""`brokersync watch`."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Sequence

import click
import redis

import settings
from brokersync import cells, database, ids, live, options, queries
from brokersync.documents import printed
from brokersync.live import Document
from brokersync.live_lines import update_line
from brokersync.queries import Row
from brokersync.screen import UNBOUNDED, Screen, show
from brokersync.updates import Updates


@click.command("watch")
@options.user
@options.account
@options.as_json
def command(user_id: str | None, account: str | None, *, as_json: bool) -> None:
    """Live balances and positions as they change.

    First what is there, then each change, until Ctrl-C. With --json every line is one document, as on Redis but with
    amounts as strings.

    \b
    Example:
      brokersync watch --user 42 --json | head -4
    """
    loaded = settings.load()
    url = loaded.require_live_data_redis_url()
    with database.opened(loaded) as opened:
        account_id = None if account is None else ids.account_id(opened, account)
        rows = queries.accounts(opened, user_id, account_id=account_id)
    try:
        with live.connect(url) as client:
            _watch(client, rows, _wanted(user_id, account_id), as_json=as_json)
    except KeyboardInterrupt:
        # Its only end; so Ctrl-C is not a failure.
        click.echo(err=True)


def _watch(client: redis.Redis, rows: Sequence[Row], wanted: Callable[[Document], bool], *, as_json: bool) -> None:
    masked = {str(row["account_id"]): row["masked"] for row in rows}
    width = Screen().width if sys.stdout.isatty() else UNBOUNDED
    updates = Updates()
    if not as_json:
        click.echo(f"Watching {len(rows)} account{'' if len(rows) == 1 else 's'}. Ctrl-C ends it.", err=True)
    for document in live.documents(client, [row["account_id"] for row in rows], wanted):
        if as_json:
            click.echo(printed(document))
        elif (update := updates.take(document)) is not None:
            number = masked.get(update.account_id) or update.account_id[: cells.SHORT_ID]
            show(update_line(update, number, update.fetched_at, width))


def _wanted(user_id: str | None, account_id: uuid.UUID | None) -> Callable[[Document], bool]:
    """By what stands in the document, so that an account linked meanwhile is seen too."""
    return lambda document: (
        user_id in (None, document["user_id"]) and (account_id is None or document["account_id"] == str(account_id))
    )
