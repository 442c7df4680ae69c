"""`brokersync disconnect`."""

from __future__ import annotations

import uuid

import click

from brokers import registry
from brokersync import database, ids, options, queries
from brokersync.documents import printed
from brokersync.explanations import Failed
from brokersync.queries import Row
from worker.disconnect import disconnect


@click.command("disconnect")
@click.argument("connection")
@click.option("--erase", is_flag=True, help="Remove its accounts, positions and runs too; only the audit trail stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
def command(connection: str, *, erase: bool, yes: bool, as_json: bool) -> None:
    """Forget a login; on demand its data too.

    CONNECTION is its id or the first characters of it. The tokens are removed and nothing is asked of the broker any
    more. Linking the same login again goes on where it stopped, unless its data were erased.

    \b
    Example:
      brokersync disconnect 0b6e2f41 --erase
    """
    with database.parts() as parts:
        connection_id = ids.connection_id(parts.database, connection)
        (row,) = queries.connections(parts.database, connection_id=connection_id)
        if not yes:
            _ask(row, len(queries.accounts(parts.database, connection_id=connection_id)), erase=erase)
        answer = disconnect(parts, connection_id, erase)
    advice = _advice(row["broker"])
    if as_json:
        click.echo(printed({**answer, "unlink_advice": advice}))
        return
    click.echo(_told(connection_id, erase=erase))
    if advice:
        click.echo(advice)


def _ask(row: Row, accounts: int, *, erase: bool) -> None:
    word = "account" if accounts == 1 else "accounts"
    what = f"the {row['broker']} login of user {row['user_id']} and the data of its {accounts} {word}"
    question = f"Erase {what}?" if erase else f"Forget the {row['broker']} login of user {row['user_id']}?"
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise Failed("Nothing was changed. --yes answers the question beforehand.")


def _told(connection_id: uuid.UUID, *, erase: bool) -> str:
    kept = "its data are erased" if erase else "its data are kept as they were last checked"
    return f"Connection {connection_id} is disconnected: its tokens are forgotten, and {kept}."


def _advice(broker: str) -> str | None:
    """How the person withdraws the permission itself; None for a broker that this version does not know any more."""
    try:
        return registry.declaration(broker).unlink_advice
    except KeyError:
        return None
