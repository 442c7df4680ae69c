"""Keeping a login usable: refresh under the lock of the credential's row, save, commit, and only then use.

    attempt marked (own transaction) → row locked, re-read, refreshed, saved, committed → used

Who does not get the row does not wait: somebody else is refreshing this login right now.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from brokers.interface import Broker
from brokers.records import Grant
from models.connection import Credential
from models.session import Database
from worker import limits
from worker.limits import Deadline

log = logging.getLogger(__name__)

SAVE_AGAIN_AFTER = (0.1, 0.5, 2.0, 5.0, 10.0)
"""Seconds before each further try to save issued tokens: a PostgreSQL that restarts or fails over is back by then."""


class LoginBusy(Exception):
    """Another process holds this login's credentials; the connection is due again in some seconds."""


class NoCredentials(Exception):
    """The connection has no credentials: it was disconnected while its run was starting."""


class TokensLost(Exception):
    """The database stayed away after the broker had issued tokens. If it rotates them, the login is gone."""


@dataclass(frozen=True)
class Login:
    """Credentials that can be used now. `version` says which refresh they come from."""

    credentials: Mapping[str, str]
    version: int

    def __repr__(self) -> str:
        return f"Login(version={self.version})"


def needs_refresh(access_expires_at: datetime | None, now: datetime, margin: timedelta = limits.REFRESH_MARGIN) -> bool:
    """Whether the access token ends within `margin`; at exactly that time it does. One without an end never does."""
    return access_expires_at is not None and access_expires_at - margin <= now


def usable_login(
    database: Database, broker: Broker, credential: Credential | None, now: datetime, deadline: Deadline
) -> Login:
    """The login of a credential that was read at `now`, refreshed first if it is about to end. Raises as `refresh` does."""
    if credential is None:
        raise NoCredentials
    if needs_refresh(credential.access_expires_at, now):
        return refresh(database, broker, credential.connection_id, credential.token_version, deadline)
    return Login(credential.document, credential.token_version)


def refresh(
    database: Database, broker: Broker, connection_id: uuid.UUID, seen_version: int, deadline: Deadline
) -> Login:
    """Refresh the login that was seen at `seen_version`; if it has been refreshed since, take what is there.

    Neither transaction waits for the row: marking the attempt by a plain UPDATE would, behind whoever is at the broker.

    Raises `LoginBusy`, `NoCredentials`, `CredentialsUnreadable`, and what the broker's refresh raises. After an error the
    old credentials stand as they were, and the mark of the attempt stays beside them.
    """
    with database.session(deadline.left()) as session:
        credential, now = _lock(session, connection_id)
        if credential.token_version != seen_version:
            return Login(credential.document, credential.token_version)
        credential.refresh_attempt_id, credential.refresh_started_at = uuid.uuid4(), now
    # The lock is held across the broker's answer and the save, so that both share one fate.
    grant = None
    try:
        with database.session(deadline.left()) as session:
            credential, asked_at = _lock(session, connection_id)
            if credential.token_version == seen_version:
                grant = broker.refresh(credential.document, deadline=deadline.for_http())
                _put(credential, grant, asked_at)
            return Login(credential.document, credential.token_version)
    except OperationalError:
        if grant is None:
            raise
    return _save_again(database, connection_id, seen_version, grant, asked_at)


def _save_again(
    database: Database, connection_id: uuid.UUID, seen_version: int, grant: Grant, asked_at: datetime
) -> Login:
    """The database went away between the broker's answer and the commit: what was issued must not be lost."""
    for wait in SAVE_AGAIN_AFTER:
        time.sleep(wait)
        try:
            with database.session() as session:
                credential = session.get(Credential, connection_id, with_for_update={"key_share": True})
                if credential is None:
                    raise NoCredentials
                if credential.token_version == seen_version:
                    _put(credential, grant, asked_at)
                return Login(credential.document, credential.token_version)
        except OperationalError:
            log.warning("issued tokens not saved yet", extra={"connection": connection_id})
    raise TokensLost


def _put(credential: Credential, grant: Grant, asked_at: datetime) -> None:
    credential.document = grant.credentials
    credential.access_expires_at = None if grant.access_expires_in is None else asked_at + grant.access_expires_in
    credential.token_version += 1
    credential.refreshed_at = asked_at
    credential.refresh_attempt_id = credential.refresh_started_at = None
    credential.cut_short_at = credential.cut_short_by = None


def _lock(session: Session, connection_id: uuid.UUID) -> tuple[Credential, datetime]:
    """The credentials under their lock, and the time. Raises `LoginBusy` without waiting, or `NoCredentials`."""
    row = session.execute(
        select(Credential, func.clock_timestamp())
        .where(Credential.connection_id == connection_id)
        .with_for_update(key_share=True, skip_locked=True)
    ).one_or_none()
    if row is None:
        raise LoginBusy if session.get(Credential, connection_id) is not None else NoCredentials
    credential, now = row
    return credential, now
