"""From a grant to an active connection: keep the tokens first, then find out whose login it is.

A login is linked in two transactions. `keep_grant` commits the tokens under a connection in `linking`, before anything else
is asked of the broker. `activate` is given the account list, and either makes that connection active or, when the
login is known already, moves the tokens to the connection that has it, so that its ids and history stay. The worker runs
`activate` too, for a login whose listing failed in the browser.

That may be late: what a person did since the login was made (linked once more, paused) stands.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models.account import Account
from models.connection import Connection, Credential, Status
from models.event import Event, record_event
from models.installation import fingerprints
from models.link import Link
from models.same_login import connections_of, has_accounts

_WORKING = (Status.ACTIVE, Status.PAUSED)
"""A connection in another state has no login that could be used now: then even an older one is better."""


class LoginBelongsToAnother(Exception):
    """This broker login is linked by another user of the installation, whose connection stays theirs."""


class WrongLogin(Exception):
    """A named connection was to be repaired, but the person logged in as somebody else at the broker."""


class LoginForgotten(Exception):
    """The connection was disconnected while its accounts were listed. There is nothing left that could be linked."""


@dataclass(frozen=True)
class ListedRow:
    """An account of the login, as the broker listed it. `number` is the full number; it is sealed and fingerprinted."""

    number: str
    masked: str
    broker_account_id: str
    nickname: str | None


@dataclass(frozen=True)
class Activated:
    """Which connection the login ended up with, and whether that one was there before.

    `superseded`: that one has a newer login, which stays; this one was dropped.
    """

    connection: Connection
    repaired: bool
    superseded: bool = False


def keep_grant(
    session: Session,
    link: Link,
    credentials: dict[str, str],
    access_expires_in: timedelta | None,
    login_lifetime: timedelta | None,
    sync_interval: timedelta,
) -> Connection:
    """Store what the exchange brought, in status `linking`, and use the link up. Commit before the tokens are used."""
    now = session.scalars(select(func.now())).one()
    connection = Connection(
        id=uuid.uuid4(),
        user_id=link.user_id,
        broker=link.broker,
        status=Status.LINKING,
        login_at=now,
        login_expires_at=None if login_lifetime is None else now + login_lifetime,
        repairs_connection_id=link.connection_id,
        sync_interval=sync_interval,
        # If the listing in the browser fails or crashes, the worker takes over soon after it must have ended.
        next_sync_at=now + timedelta(seconds=60),
    )
    session.add(connection)
    session.flush()
    credential = Credential(
        connection_id=connection.id, access_expires_at=None if access_expires_in is None else now + access_expires_in
    )
    credential.document = credentials
    session.add(credential)
    link_row = session.get_one(Link, link.id)
    link_row.used_at = now
    return connection


def activate(
    session: Session, connection_id: uuid.UUID, login_id: str | None, listed: Sequence[ListedRow], actor: str
) -> Activated:
    """Give the login in `linking` its accounts and make it due now, or leave it paused if it was paused since it was made.

    Raises `LoginBelongsToAnother` or `WrongLogin`; the caller then rolls back and calls `refuse`. Raises `LoginForgotten`.
    """
    fresh = session.get(Connection, connection_id, with_for_update={"key_share": True})
    if fresh is None or fresh.status == Status.DISCONNECTED:
        raise LoginForgotten("the connection was disconnected while its accounts were listed")
    # One at a time: of two that list the same login at once, neither would see the other, and both would become active.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"activate {fresh.broker}"))))
    prints = fingerprints(session)
    numbers = {prints.of(fresh.broker, row.number): row for row in listed}
    login_fp = None if login_id is None else prints.of(fresh.broker, f"login {login_id}")
    known = connections_of(session, fresh, login_fp, list(numbers))
    if any(connection.user_id != fresh.user_id for connection in known):
        raise LoginBelongsToAnother("this broker login is linked by another user of this installation")
    target = next(iter(known), None)
    if fresh.repairs_connection_id is not None:
        named = session.get(Connection, fresh.repairs_connection_id, with_for_update={"key_share": True})
        if named is not None and not known and has_accounts(session, named):
            raise WrongLogin("it is another login at the broker than the one to be repaired")
        # A person who logged in as somebody they have linked too has just ended the older login of that connection, so
        # the new one goes there: thrown away, it would be a login lost.
        target = named if named in known or not known else target
    if target is not None and target.status in _WORKING and target.login_at > fresh.login_at:
        session.execute(delete(Connection).where(Connection.id == fresh.id))
        record_event(session, "login_dropped", target, actor, reason="superseded by a newer login")
        return Activated(target, repaired=True, superseded=True)
    connection = target or fresh
    paused = fresh.status == Status.PAUSED or _paused_since(session, connection, fresh.login_at)
    if target is not None:
        _move_login(session, fresh, target)
    connection.login_fp = login_fp or connection.login_fp
    _match_accounts(session, connection, numbers)
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    if paused:
        connection.status, connection.next_sync_at = Status.PAUSED, None
    else:
        connection.status, connection.next_sync_at = Status.ACTIVE, session.scalars(select(func.now())).one()
        connection.consecutive_failures = connection.unfinished_attempts = 0
        connection.last_error_kind = connection.last_error_text = None
    record_event(session, "linked" if target is None else "repaired", connection, actor, accounts=len(numbers))
    return Activated(connection, repaired=target is not None)


def refuse(
    session: Session, connection_id: uuid.UUID, login_id: str | None, listed: Sequence[ListedRow], actor: str
) -> None:
    """Forget a login that `activate` refused, if nobody has yet.

    A connection of another user that had it before is told, and asked at once. Its own next refresh tells whether the broker
    ended the older login; only that moves its state.
    """
    fresh = session.get(Connection, connection_id)
    if fresh is None:
        return
    prints = fingerprints(session)
    login_fp = None if login_id is None else prints.of(fresh.broker, f"login {login_id}")
    for other in connections_of(session, fresh, login_fp, [prints.of(fresh.broker, row.number) for row in listed]):
        if other.login_at <= fresh.login_at:
            record_event(session, "login_ended", other, actor, reason="replaced by a newer login")
            other.next_sync_at = session.scalars(select(func.now())).one()
    session.execute(delete(Connection).where(Connection.id == fresh.id))


def _paused_since(session: Session, connection: Connection, since: datetime) -> bool:
    """Whether it is paused, and was not yet when that login was made: only linking after a pause ends it."""
    if connection.status != Status.PAUSED:
        return False
    pauses = select(Event.id).where(
        Event.connection_id == connection.id, Event.kind.in_(("paused", "given_up")), Event.at > since
    )
    return bool(session.scalars(select(pauses.exists())).one())


def _move_login(session: Session, fresh: Connection, target: Connection) -> None:
    """Hand the tokens and the login's times to `target`, and drop the row that held them so far."""
    # Under its lock: a refresh at work would otherwise save its tokens in a row that is gone.
    held = session.get_one(Credential, fresh.id, with_for_update={"key_share": True})
    credential = session.get(Credential, target.id, with_for_update={"key_share": True})
    if credential is None:
        credential = Credential(connection_id=target.id, token_version=0)
        session.add(credential)
    credential.document = held.document
    credential.access_expires_at = held.access_expires_at
    credential.token_version += 1
    credential.refreshed_at = held.refreshed_at
    credential.refresh_attempt_id = credential.refresh_started_at = None
    credential.cut_short_at = credential.cut_short_by = None
    target.login_at, target.login_expires_at = fresh.login_at, fresh.login_expires_at
    target.login_notice = None
    session.expunge(held)
    session.flush()
    session.execute(delete(Connection).where(Connection.id == fresh.id))
    session.expunge(fresh)


def _match_accounts(session: Session, connection: Connection, numbers: dict[str, ListedRow]) -> None:
    """Insert the new, refresh the broker's ids of the known, and mark those the person no longer shares as missing."""
    accounts = {
        account.number_fp: account
        for account in session.scalars(select(Account).where(Account.connection_id == connection.id))
    }
    for number_fp, row in numbers.items():
        account = accounts.pop(number_fp, None)
        if account is None:
            account = Account(id=uuid.uuid4(), connection_id=connection.id, number_fp=number_fp, masked=row.masked)
            account.number = row.number
            session.add(account)
        account.broker_account_id = row.broker_account_id
        account.nickname = row.nickname or account.nickname
        account.missing_since = None
    now = session.scalars(select(func.now())).one()
    for account in accounts.values():
        account.missing_since = account.missing_since or now
