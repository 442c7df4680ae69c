"""`brokersync watch`."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import click

import settings
from brokersync import database, feeds, ids, options
from brokersync.audiences import Person, Program
from brokersync.endings import unwinding
from brokersync.following import Following
from brokersync.live import Document
from brokersync.looking import Look, Looking
from brokersync.watching import Watch


@click.command("watch")
@options.user
@options.connection
@options.account
@options.as_json
def command(user_id: str | None, connection: str | None, account: str | None, *, as_json: bool) -> None:
    """Live balances and positions as they change.

    First what is there, then what each version changed, until Ctrl-C. It says when a login will end or has ended, when
    data grow old, and why, and goes on when Redis was away. With --json every line is one document, as on Redis but with
    amounts as strings; what else there is to say goes to standard error.

    \b
    Example:
      brokersync watch --user 42 --json | head -4
    """
    loaded = settings.load()
    url = loaded.require_live_data_redis_url()
    with unwinding(), database.opened(loaded) as opened:
        try:
            connection_id = None if connection is None else ids.connection_id(opened, connection)
            account_id = None if account is None else ids.account_id(opened, account)
            looking = Looking(opened, user_id, connection_id, account_id)
            first = looking.look()
            following = Following(
                url,
                _matching(user_id=user_id, connection_id=connection_id, account_id=account_id),
                _matching(user_id=user_id, connection_id=_connection_of(first, connection_id, account_id)),
            )
            watch = Watch(first, following, looking, Program() if as_json else Person())
            if not as_json:
                click.echo(_begins(len(first.accounts)), err=True)
            watch.run(feeds.merged(following.events(), looking.events()))
        except KeyboardInterrupt:
            # Its only end; so Ctrl-C is not a failure.
            click.echo(err=True)


def _matching(**wanted: str | uuid.UUID | None) -> Callable[[Document], bool]:
    """By what stands in the document, so that an account linked meanwhile is seen too."""
    named = {name: str(value) for name, value in wanted.items() if value is not None}
    return lambda document: all(document[name] == value for name, value in named.items())


def _connection_of(first: Look, connection_id: uuid.UUID | None, account_id: uuid.UUID | None) -> uuid.UUID | None:
    """An event names its connection, no account."""
    return connection_id if account_id is None or not first.accounts else first.accounts[0].connection.id


def _begins(accounts: int) -> str:
    if not accounts:
        return "There is no such account yet; one that is linked is shown. Ctrl-C ends it."
    return f"Watching {accounts} account{'' if accounts == 1 else 's'}. Ctrl-C ends it."
