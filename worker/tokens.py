"""Keeping a login usable: refresh under the lock of the credential's row, save, commit, and only then use.

    attempt marked (own transaction) → row locked, re-read, refreshed, saved, committed → used

Who does not get the row to mark it does not wait: somebody else is refreshing this login right now.
"""

from __future__ import annotations

import logging
import time
import uuid
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from brokers.errors import BrokerError, LoginEnded
from brokers.interface import Broker
from brokers.records import Grant
from models.connection import Credential
from models.session import Database
from worker import limits, logins, refresh_marks
from worker.limits import Deadline
from worker.logins import Login, LoginBusy, LoginRefused, NoCredentials, SeenLogin, StoredLogin
from worker.refresh_turns import turn
from worker.refreshing import Why, decide

log = logging.getLogger(__name__)

SAVE_AGAIN_AFTER = (0.1, 0.5, 2.0, 5.0, 10.0)
"""Seconds before each further try to save issued tokens: a PostgreSQL that restarts or fails over is back by then."""


class TokensLost(Exception):
    """The database stayed away after the broker had issued tokens. If it rotates them, the login is gone."""


class Marked(NamedTuple):
    """An attempt that is marked in the row of a login that was seen at `version`."""

    connection_id: uuid.UUID
    version: int
    id: uuid.UUID


def usable_login(database: Database, broker: Broker, seen: SeenLogin, deadline: Deadline) -> Login:
    """The login as it was seen, refreshed first if that is due. Raises as `refresh` does."""
    credential = seen.credential
    if credential is None:
        raise NoCredentials
    decision = decide(
        access_expires_at=credential.access_expires_at,
        login_expires_at=seen.login_expires_at,
        issued_at=credential.refreshed_at,
        now=seen.at,
    )
    if decision.refresh:
        return refresh(database, broker, credential.connection_id, credential.token_version, deadline, decision.why)
    return Login(credential.document, credential.token_version, seen.login_at)


def refresh(
    database: Database,
    broker: Broker,
    connection_id: uuid.UUID,
    seen_version: int,
    deadline: Deadline,
    why: Why = Why.REFUSED,
) -> Login:
    """Refresh the login that was seen at `seen_version`; if it has been refreshed since, take what is there.

    Neither transaction waits for who is at the broker: marking the attempt by a plain UPDATE would. Once it is marked, the
    row is waited for: others hold it only to look.
    `why` is for the log.

    Raises `LoginBusy`, `NoCredentials`, `CredentialsUnreadable`, `TokensLost`, `LoginRefused` for the broker's clear word
    about the login that is still there, and what else the broker's refresh raises. After an error the old credentials
    stand as they were.
    """
    with turn(broker.declaration.name):
        if deadline.left() < limits.REFRESH_NEEDS:
            raise LoginBusy
        with database.session(deadline.left()) as session:
            stored = logins.lock(session, connection_id)
            # Opened before anything is marked: what no key opens is not sent.
            seen = stored.opened()
            if seen.version != seen_version:
                return seen
            if refresh_marks.is_at_work(stored.credential, stored.now):
                raise LoginBusy
            attempt = Marked(connection_id, seen_version, refresh_marks.begin(stored.credential, stored.now))
        answer = _exchange(database, broker, attempt, deadline, why)
    if isinstance(answer, LoginEnded):
        return newer_login(database, connection_id, LoginRefused(answer, seen), deadline)
    if isinstance(answer, BrokerError):
        raise answer
    return answer


def newer_login(database: Database, connection_id: uuid.UUID, refused: LoginRefused, deadline: Deadline) -> Login:
    """What another process or a new link has put in the place of a login that was refused: go on with that.

    Raises `refused` where the login is still the same one, and `NoCredentials`.
    """
    with database.session(deadline.left()) as session:
        stored = logins.read(session, connection_id)
    if refused.is_about(stored.credential.token_version, stored.login_at):
        raise refused
    return stored.opened()


def _exchange(database: Database, broker: Broker, attempt: Marked, deadline: Deadline, why: Why) -> Login | BrokerError:
    """The lock is held across the broker's answer and what is written of it, so that they share one fate."""
    connection_id, asked = attempt.connection_id, False
    answer: Grant | BrokerError | None = None
    try:
        with database.session(deadline.left()) as session:
            stored = logins.lock_marked(session, connection_id)
            if stored.credential.token_version != attempt.version:
                return stored.opened()
            if stored.credential.refresh_attempt_id != attempt.id:
                # This process stood still for so long that somebody else has begun anew.
                raise LoginBusy
            asked = True
            answer = _ask(session, broker, stored, deadline)
            if isinstance(answer, Grant):
                refresh_marks.save(stored.credential, answer, stored.now)
            else:
                refresh_marks.end(stored.credential)
        login = stored.opened()
    except (LoginBusy, NoCredentials, SQLAlchemyError) as error:
        if not asked:
            _unmark(database, attempt)
        if answer is None or not isinstance(error, DBAPIError):
            raise
        if isinstance(answer, Grant):
            login = _save_again(database, attempt, answer, stored)
    if isinstance(answer, BrokerError):
        log.warning("login not refreshed", extra={"connection": connection_id, "why": why.value, "kind": answer.kind})
        return answer
    log.info("login refreshed", extra={"connection": connection_id, "why": why.value, "version": login.version})
    return login


def _ask(session: Session, broker: Broker, stored: StoredLogin, deadline: Deadline) -> Grant | BrokerError:
    """The broker's answer. Asked once more with the old token where nobody knows what it did: brokers that do not rotate
    tokens, or take the last one for a while, answer then."""
    answer = _answer(broker, stored.credential, deadline)
    if isinstance(answer, Grant) or not answer.unanswered:
        return answer
    refresh_marks.no_answer(stored.credential, stored.now)
    # A statement, too: in a second wait without one the transaction would be ended as idle, and the lock with it.
    session.flush()
    return answer if deadline.left() < limits.REFRESH_NEEDS else _answer(broker, stored.credential, deadline)


def _answer(broker: Broker, credential: Credential, deadline: Deadline) -> Grant | BrokerError:
    """An error is an answer too: raised, it would undo what is to be written of it."""
    try:
        return broker.refresh(credential.document, deadline=deadline.for_http())
    except BrokerError as error:
        return error


def _unmark(database: Database, attempt: Marked) -> None:
    """The broker was not asked: the attempt shall not look like one that a crash cut short. It does where this fails."""
    try:
        with database.session() as session:
            mine = select(Credential).where(
                Credential.connection_id == attempt.connection_id, Credential.refresh_attempt_id == attempt.id
            )
            # Who holds the row is not waited for: it has come too late once.
            credential = session.scalars(mine.with_for_update(key_share=True, skip_locked=True)).one_or_none()
            if credential is not None:
                refresh_marks.end(credential)
    except SQLAlchemyError:
        log.warning("attempt that asked nobody left marked", extra={"connection": attempt.connection_id})


def _save_again(database: Database, attempt: Marked, grant: Grant, asked: StoredLogin) -> Login:
    """The database went away between the broker's answer and the commit: what was issued must not be lost."""
    for wait in SAVE_AGAIN_AFTER:
        time.sleep(wait)
        try:
            with database.session() as session:
                stored = logins.wait_for(session, attempt.connection_id)
                if stored.credential.token_version == attempt.version:
                    refresh_marks.save(stored.credential, grant, asked.now)
            return stored.opened()
        except SQLAlchemyError:
            log.warning("issued tokens not saved yet", extra={"connection": attempt.connection_id})
    raise TokensLost
