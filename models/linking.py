"""From a grant to an active connection: keep the tokens first, then find out whose login it is.

A login is linked in two transactions. `keep_grant` commits the tokens under a connection in `linking`, before anything else
is asked of the broker. `activate` is given the account list, and either makes that connection active or, when the
login is known already, moves the tokens to the connection that has it, so that its ids and history stay. The worker runs
`activate` too, for a login whose listing failed in the browser.

That may be late: what a person did since the login was made (linked once more, paused, disconnected) stands. A pause ends
by `resume` alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from models.circuit import bring_forward
from models.connection import Connection, Credential, Status
from models.event import Event, record_event
from models.link import Link
from models.links import LISTING_LIMIT
from models.same_login import target_of
from models.sharing import ListedRow, Shared, fingerprinted, share

_WORKING = (Status.ACTIVE, Status.PAUSED)
"""A connection in another state has no login that could be used now: then even an older one is better."""

_PAUSES = ("paused", "given_up")
"""The kinds of events that pause a connection."""


class LoginForgotten(Exception):
    """The connection was disconnected, or the link withdrawn, while the login was made. Nothing is left to be linked."""


class Dropped(StrEnum):
    """Why a login was not used: what the person did since it was made stands."""

    NEWER_LOGIN = "superseded by a newer login"
    DISCONNECTED = "disconnected since the login was made"


@dataclass(frozen=True)
class Activated:
    """Which connection the login ended up with, whether that one was there before, and what became of its accounts.

    `dropped`: the login was not used, and that connection stays as it was. `another`: a person named one to be repaired, and
    it is not this one; that one is as it was.
    """

    connection: Connection
    repaired: bool
    shared: Shared = field(default_factory=Shared)
    dropped: Dropped | None = None
    another: bool = False


def keep_grant(
    session: Session,
    link: Link,
    credentials: dict[str, str],
    access_expires_in: timedelta | None,
    login_lifetime: timedelta | None,
    sync_interval: timedelta,
) -> Connection:
    """Store what the exchange brought, in status `linking`, and use the link up. Commit before the tokens are used.

    Raises `LoginForgotten` when the link was withdrawn meanwhile.
    """
    now = session.scalars(select(func.now())).one()
    used = session.execute(update(Link).where(Link.id == link.id).values(used_at=now).returning(Link.id))
    if used.one_or_none() is None:
        raise LoginForgotten("the link was withdrawn while the login was made")
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
    return connection


def activate(
    session: Session, connection_id: uuid.UUID, login_id: str | None, listed: Sequence[ListedRow], actor: str
) -> Activated:
    """Give the login in `linking` its accounts and make it due now, or leave it paused where it or its connection is.

    Raises `LoginForgotten`, and as `target_of` does: the caller then rolls back. After `LoginUnknown` the login is listed
    again, after the others the caller calls `refuse` of `models.refusing`.
    """
    fresh = session.get(Connection, connection_id, with_for_update={"key_share": True})
    if fresh is None or fresh.status == Status.DISCONNECTED:
        raise LoginForgotten("the connection was disconnected while its accounts were listed")
    # One at a time: of two that list the same login at once, neither would see the other, and both would become active.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"activate {fresh.broker}"))))
    login_fp, numbers = fingerprinted(session, fresh, login_id, listed)
    now = session.scalars(select(func.now())).one()
    target = target_of(session, fresh, login_fp, numbers, may_wait=fresh.login_at > now - LISTING_LIMIT)
    connection = target or fresh
    named = fresh.repairs_connection_id
    another = named not in (None, connection.id) and session.get(Connection, named) is not None
    dropped = None if target is None else _overtaken(session, fresh, target)
    if target is not None and dropped is not None:
        session.execute(delete(Connection).where(Connection.id == fresh.id))
        record_event(session, "login_dropped", target, actor, reason=dropped.value)
        return Activated(target, repaired=True, dropped=dropped, another=another)
    paused = fresh.status == Status.PAUSED or _is_paused(session, connection)
    if target is not None:
        _move_login(session, fresh, target)
    connection.login_fp = login_fp or connection.login_fp
    shared = share(session, connection, numbers)
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    if paused:
        connection.status, connection.next_sync_at = Status.PAUSED, None
    else:
        connection.status, connection.next_sync_at = Status.ACTIVE, now
        connection.consecutive_failures = connection.unfinished_attempts = 0
        connection.last_error_kind = connection.last_error_text = None
    # A broker that takes a login takes the app: nobody waits longer than that takes to be asked.
    bring_forward(session, connection.broker)
    if target is None:
        record_event(session, "linked", connection, actor, accounts=len(numbers))
    else:
        counts = {"accounts": len(numbers), "added": len(shared.added), "missing": len(shared.missing)}
        record_event(session, "repaired", connection, actor, **counts)
    return Activated(connection, repaired=target is not None, shared=shared, another=another)


def _overtaken(session: Session, fresh: Connection, target: Connection) -> Dropped | None:
    """What a person did with that connection since the login was made, where that leaves no use for it."""
    if target.status in _WORKING and target.login_at > fresh.login_at:
        return Dropped.NEWER_LOGIN
    if target.status == Status.DISCONNECTED:
        # By when its row was made: like the event's time, and unlike that of a login, no clock of a sandbox moves that.
        since = select(Event.id).where(
            Event.connection_id == target.id, Event.kind == "disconnected", Event.at > fresh.created_at
        )
        if session.scalars(select(since.exists())).one():
            return Dropped.DISCONNECTED
    return None


def _is_paused(session: Session, connection: Connection) -> bool:
    """Also one whose login ended while it was paused: then only its events tell."""
    if connection.status != Status.REAUTH_REQUIRED:
        return connection.status == Status.PAUSED
    last = session.scalars(
        select(Event.kind)
        .where(Event.connection_id == connection.id, Event.kind.in_((*_PAUSES, "resumed", "disconnected")))
        .order_by(Event.at.desc())
        .limit(1)
    )
    return last.first() in _PAUSES


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
    # What was asked with the old login is asked anew; no key may open it either.
    target.fetch_state = None
    session.expunge(held)
    session.flush()
    session.execute(delete(Connection).where(Connection.id == fresh.id))
    session.expunge(fresh)
