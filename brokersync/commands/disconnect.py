"""`brokersync disconnect`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence

import click

from brokers import registry
from brokersync import cells, completing, database, ids, leaving, options, queries
from brokersync.documents import printed
from brokersync.explanations import Failed
from brokersync.leaving import Left
from brokersync.screen import say
from worker.disconnect import disconnect
from worker.parts import Parts
from worker.publisher import STREAM

ERASED = f"with all data; the ids of accounts leave {STREAM} as newer entries come"


@click.command("disconnect")
@click.argument("connection", required=False, shell_complete=completing.connection_ids)
@click.option(
    "--user",
    "user_id",
    metavar="USER",
    shell_complete=completing.users,
    help="All connections of this user of your application.",
)
@click.option("--erase", is_flag=True, help="Remove accounts, positions and runs too; the audit trail stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
def command(connection: str | None, user_id: str | None, *, erase: bool, yes: bool, as_json: bool) -> None:
    """Forget a login, or all of a user; on demand the data too.

    CONNECTION is its id or the first characters of it. The tokens are removed and nothing is asked of the broker any
    more. Where the broker has a call for it, and no other connection here has the login, the permission is withdrawn there
    too. Open links that would repair the connection end. Linking the same login again goes on where it stopped, unless its
    data were erased.

    With --user and --erase, connections that were disconnected before go too, and the user's one-time links. What stays
    is the audit trail, which can only be added to: what happened to which connection of which user, and its settings,
    but not its label. On Redis, live_data:stream holds the ids of erased accounts, and nothing else of them, until some
    10,000 newer entries have taken their place.

    \b
    Examples:
      brokersync disconnect 0b6e2f41 --erase
      brokersync disconnect --user 42 --erase
    """
    if (connection is None) == (user_id is None):
        raise click.UsageError("Name what to disconnect: either a CONNECTION, or all of a user's with --user.")
    with database.parts() as parts:
        if user_id is not None:
            _all_of_a_user(parts, user_id, erase=erase, yes=yes, as_json=as_json)
        elif connection is not None:
            _one(parts, ids.connection_id(parts.database, connection), erase=erase, yes=yes, as_json=as_json)


def _one(parts: Parts, connection_id: uuid.UUID, *, erase: bool, yes: bool, as_json: bool) -> None:
    (row,) = queries.connections(parts.database, connection_id=connection_id)
    if not yes:
        label = "" if row["label"] is None else f" ({cells.plain(row['label'])})"
        login = f"the {row['broker']} login of user {row['user_id']}{label}"
        accounts = _counted(len(queries.accounts(parts.database, connection_id=connection_id)), "account")
        _ask(f"Erase {login} and the data of its {accounts}?" if erase else f"Forget {login}?")
    answer = disconnect(parts, connection_id, erase)
    if as_json:
        click.echo(printed({**answer, "unlink_advice": _advice(row["broker"])}))
        return
    kept = "its data are erased" if erase else "its data are kept as they were last checked"
    say(f"Connection {connection_id} is disconnected: its tokens are forgotten, and {kept}.")
    for line in _at_the_broker(row["broker"], {answer["why_not_revoked"]}):
        say(line)


def _all_of_a_user(parts: Parts, user_id: str, *, erase: bool, yes: bool, as_json: bool) -> None:
    rows = leaving.to_leave(parts.database, user_id, erase=erase)
    if rows and not yes:
        chosen = {row["connection_id"] for row in rows}
        known = queries.accounts(parts.database, user_id)
        accounts = _counted(sum(row["connection_id"] in chosen for row in known), "account")
        logins = f"{_counted(len(rows), 'login')} of user {user_id}"
        _ask(f"Erase {logins} and the data of {accounts}?" if erase else f"Forget {logins}, with {accounts}?")
    left = leaving.leave(parts, user_id, erase=erase)
    if as_json:
        click.echo(printed(_document(user_id, left, erase=erase)))
    else:
        say(_told(user_id, left, erase=erase))
        gone = [each for each in left if each.error is None]
        for broker in dict.fromkeys(each.broker for each in gone):
            for line in _at_the_broker(broker, {each.why_not_revoked for each in gone if each.broker == broker}):
                say(line)
    failed = [each for each in left if each.error is not None]
    if failed:
        reasons = "".join(f"\n  {each.connection_id}: {each.error}" for each in failed)
        raise Failed(f"Still there, for the same command to try again: {_counted(len(failed), 'login')}.{reasons}")


def _told(user_id: str, left: Sequence[Left], *, erase: bool) -> str:
    if not left:
        return f"User {cells.plain(user_id)} has no login left here{' and no link' if erase else ''}."
    done = _counted(sum(each.error is None for each in left), "login")
    kept = ERASED if erase else "the data are kept as they were last checked"
    return f"Forgotten: {done} of user {cells.plain(user_id)}, {kept}."


def _document(user_id: str, left: Sequence[Left], *, erase: bool) -> dict[str, object]:
    return {
        "user_id": user_id,
        "erased": erase,
        "connections": [
            {
                "connection_id": str(each.connection_id),
                "status": None if each.error else "disconnected",
                "error": each.error,
                "revoked": each.revoked,
                "why_not_revoked": each.why_not_revoked,
                "unlink_advice": None if each.error else _advice(each.broker),
            }
            for each in left
        ],
    }


def _ask(question: str) -> None:
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise Failed("Nothing was changed. --yes answers the question beforehand.")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _at_the_broker(broker: str, reasons: Collection[str | None]) -> Iterator[str]:
    """Whether the permission is withdrawn there too, and where it is not, why and how the person does it.

    `reasons` why it was not, with None for a login for which it was.
    """
    try:
        declared = registry.declaration(broker)
    except KeyError:
        declared = None
    name = broker if declared is None else declared.title
    if None in reasons:
        yield f"The permission is withdrawn at {name} too."
    # That it has no call stands in its advice.
    if declared is None or declared.revocable:
        for reason in sorted(filter(None, reasons)):
            yield f"The permission is not withdrawn at {name}, since {reason}."
    if declared is not None and reasons != {None}:
        yield declared.unlink_advice


def _advice(broker: str) -> str | None:
    """How the person withdraws the permission itself; None for a broker that this version does not know any more."""
    try:
        return registry.declaration(broker).unlink_advice
    except KeyError:
        return None
