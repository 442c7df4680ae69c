"""Ending a connection: its credentials are forgotten, its schedule stops, its data are kept or erased.

Nothing that was begun before links it again: open links that name it are withdrawn, and logins made with one that are not
listed yet are dropped.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Any

import redis
from psycopg2.errors import LockNotAvailable
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from models.account import Account
from models.connection import Connection, Credential, Status
from models.event import record_event
from models.link import Link
from models.linking import Dropped
from worker import revoking
from worker.outcomes import CannotSync
from worker.parts import Parts
from worker.revoking import NotRevoked, Revocable

log = logging.getLogger(__name__)


def disconnect(parts: Parts, connection_id: uuid.UUID, erase: bool) -> dict[str, Any]:
    """Forget the login of a connection. Doing it again does no harm.

    A run at work loses its claim and commits nothing. `erase` removes accounts, positions and runs too, here and on
    Redis; the audit trail stays. Where its broker can, and nobody else here has the login, it is withdrawn there too:
    `revoked` in the answer, with `why_not_revoked` in words.

    Raises `CannotSync` for a connection that does not exist or that is in use right now, and `redis.RedisError` when
    Redis cannot be reached: then nothing was erased.
    """
    forgotten: list[uuid.UUID] = []
    try:
        with parts.database.session() as session:
            ended = _end(parts, session, connection_id, erase)
            if erase:
                # Last, when every lock is held: a wait for one may end in nothing being erased. But before the commit:
                # were Redis to fail after it, nobody would know which keys to remove.
                forgotten = ended.accounts
                parts.publisher.forget(forgotten)
    except OperationalError as error:
        _restore(parts, forgotten)
        if isinstance(error.orig, LockNotAvailable):
            raise CannotSync(
                f"Nothing was changed: a refresh of the login of connection {connection_id}, or a sync, is under way."
                " Try again in some seconds."
            ) from None
        raise
    except (SQLAlchemyError, redis.RedisError):
        _restore(parts, forgotten)
        raise
    why_not = _revoke(parts, ended.login)
    return {
        "connection_id": str(connection_id),
        "status": Status.DISCONNECTED.value,
        "erased": erase,
        "revoked": why_not is None,
        "why_not_revoked": why_not,
    }


@dataclass(frozen=True)
class _Ended:
    """What is left to be done: its accounts, and the login to be withdrawn, or why it is not."""

    accounts: list[uuid.UUID]
    login: Revocable | NotRevoked


def _end(parts: Parts, session: Session, connection_id: uuid.UUID, erase: bool) -> _Ended:
    """Everything that the database has to do."""
    waiting = _withdraw_links(session, connection_id, erase)
    connection = session.get(Connection, connection_id, with_for_update={"key_share": True})
    if connection is None:
        raise CannotSync(f"There is no connection {connection_id}.")
    accounts = list(session.scalars(select(Account.id).where(Account.connection_id == connection_id)))
    # A refresh holds this row until the broker answers.
    credential = session.get(Credential, connection_id, with_for_update={"key_share": True})
    login: Revocable | NotRevoked
    try:
        login = revoking.revocable(parts, session, connection, credential)
    except NotRevoked as refusal:
        login = refusal
    session.execute(delete(Credential).where(Credential.connection_id == connection_id))
    for each in waiting:
        session.execute(delete(Connection).where(Connection.id == each))
        record_event(session, "login_dropped", connection, "demand", reason=Dropped.DISCONNECTED.value)
    already = connection.status == Status.DISCONNECTED
    connection.status = Status.DISCONNECTED
    connection.next_sync_at = None
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    if erase or not already:
        record_event(session, "disconnected", connection, "demand", erased=int(erase))
    session.flush()
    if erase:
        session.execute(delete(Connection).where(Connection.id == connection_id))
    return _Ended(accounts, login)


def _withdraw_links(session: Session, connection_id: uuid.UUID, erase: bool) -> list[uuid.UUID]:
    """Withdraw the open links that name it, with `erase` the used ones too; the logins made so that are not listed yet.

    In this order, and before the connection itself: a callback that keeps its login now is waited for, and a listing locks
    its login before the connection it repairs.
    """
    named = delete(Link).where(Link.connection_id == connection_id)
    session.execute(named if erase else named.where(Link.used_at.is_(None)))
    made = select(Connection.id).where(
        Connection.repairs_connection_id == connection_id, Connection.status == Status.LINKING
    )
    return list(session.scalars(made.order_by(Connection.id).with_for_update(key_share=True)))


def _revoke(parts: Parts, login: Revocable | NotRevoked) -> str | None:
    """Why it was not withdrawn at the broker, None where it was."""
    if isinstance(login, NotRevoked):
        return str(login)
    try:
        revoking.revoke(parts.database, login)
    except NotRevoked as refusal:
        return str(refusal)
    return None


def _restore(parts: Parts, forgotten: list[uuid.UUID]) -> None:
    """Redis may have forgotten accounts that the database still has: let it have them again.

    Asked of the database, since a commit whose answer was lost may have been done. What fails here heals by itself: an
    account that Redis refuses counts as not published until the mark on it has run out.
    """
    if not forgotten:
        return
    try:
        with parts.database.session() as session:
            kept = session.scalars(
                update(Account).where(Account.id.in_(forgotten)).values(published_version=0).returning(Account.id)
            ).all()
        parts.publisher.expect_again(kept)
    except (SQLAlchemyError, redis.RedisError):
        log.warning("live data not restored, left to publish_pending", extra={"accounts": len(forgotten)})
