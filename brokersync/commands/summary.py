"""`brokersync summary`."""

from __future__ import annotations

import shlex

import click
from rich.table import Table

from brokersync import database, ids, options, queries, users
from brokersync.cells import plain
from brokersync.documents import printed
from brokersync.explanations import Failed
from brokersync.screen import say, show
from worker.summary import account_summary


@click.command("summary")
@options.user
@options.account
@options.as_json
def command(user_id: str | None, account: str | None, *, as_json: bool) -> None:
    """One account's buying power and totals.

    With --user alone it is that user's first account. What the broker does not give is "—". The task `account_summary`
    returns the same.

    \b
    Example:
      brokersync summary --account 6f1c03aa
    """
    if account is None and user_id is None:
        raise click.UsageError("Name the account or the user: --account ID or --user USER.")
    with database.opened() as opened:
        account_id = None if account is None else ids.account_id(opened, account)
        accounts = queries.accounts(opened, user_id, account_id=account_id)
        stranger = None if accounts else users.stranger(opened, user_id)
        if stranger is not None:
            raise Failed(stranger)
        summary = account_summary(opened, account_id, user_id)
    if as_json:
        click.echo(printed(summary))
        return
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column()
    grid.add_column(justify="right")
    for name, value in summary.items():
        if name == "account_id":
            continue  # for programs; the next line names the account for people
        grid.add_row(name.replace("_", " ").capitalize(), plain(value))
    show(grid)
    if len(accounts) > 1:
        listed = f"`brokersync accounts {shlex.join(('--user', accounts[0]['user_id']))}` lists them"
        say(f"\nThis is one of {len(accounts)} accounts: {listed}, and --account chooses.")
