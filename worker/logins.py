"""A stored login: how it is read, how its row is locked, and what is raised where there is none to use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg2.errors import LockNotAvailable
from sqlalchemy import Select, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from brokers.errors import LoginEnded
from models.connection import Connection, Credential, Status


class LoginBusy(Exception):
    """This login is being refreshed, or too many others are; the connection is due again in a while."""


class NoCredentials(Exception):
    """There is nothing to log in with: the connection was disconnected, or found to need a new login, just now."""


@dataclass(frozen=True)
class Login:
    """Credentials that can be used now. `version` says which refresh they come from, `login_at` which login."""

    credentials: Mapping[str, str]
    version: int
    login_at: datetime

    def __repr__(self) -> str:
        return f"Login(version={self.version})"


class LoginRefused(LoginEnded):
    """The broker's clear word about one login. It says nothing of what has taken that login's place since."""

    def __init__(self, error: LoginEnded, login: Login) -> None:
        super().__init__(error.endpoint, error.fault, error.status)
        self._version, self._login_at = login.version, login.login_at

    def is_about(self, version: int, login_at: datetime) -> bool:
        """Whether that login, as it is stored now, is still the one that was refused."""
        return (version, login_at) == (self._version, self._login_at)


class SeenLogin(NamedTuple):
    """A login as it was read `at`, by the database's clock. `credential` None: the connection had none any more."""

    credential: Credential | None
    login_at: datetime
    login_expires_at: datetime | None
    at: datetime


class StoredLogin(NamedTuple):
    """The row of a login's credentials, and the database's time."""

    credential: Credential
    login_at: datetime
    status: str
    now: datetime

    def opened(self) -> Login:
        """Raises `CredentialsUnreadable`."""
        return Login(self.credential.document, self.credential.token_version, self.login_at)


def lock(session: Session, connection_id: uuid.UUID) -> StoredLogin:
    """The login under its lock. Raises `LoginBusy` without waiting, or `NoCredentials`.

    One that waits for a person to log in anew is not handed out: its tokens are not sent again.
    """
    row = session.execute(
        _stored(connection_id).with_for_update(of=Credential, key_share=True, skip_locked=True)
    ).one_or_none()
    if row is None:
        raise LoginBusy if session.get(Credential, connection_id) is not None else NoCredentials
    return _still_good(StoredLogin(*row))


def lock_marked(session: Session, connection_id: uuid.UUID) -> StoredLogin:
    """As `lock`, for who has marked an attempt before: others hold the row for as long as they take to see the mark, and
    that is waited for. Given up here, the attempt would keep everybody off, and look like one that a crash cut short.
    """
    try:
        return _still_good(wait_for(session, connection_id))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise LoginBusy from None
        raise


def wait_for(session: Session, connection_id: uuid.UUID) -> StoredLogin:
    """As `lock`, but after whoever holds it, and whatever the connection's status."""
    row = session.execute(_stored(connection_id).with_for_update(of=Credential, key_share=True)).one_or_none()
    if row is None:
        raise NoCredentials
    return StoredLogin(*row)


def _still_good(stored: StoredLogin) -> StoredLogin:
    if stored.status == Status.REAUTH_REQUIRED:
        raise NoCredentials
    return stored


def read(session: Session, connection_id: uuid.UUID) -> StoredLogin:
    """The login as it is committed now, without a lock. Raises `NoCredentials`."""
    row = session.execute(_stored(connection_id)).one_or_none()
    if row is None:
        raise NoCredentials
    return StoredLogin(*row)


def _stored(connection_id: uuid.UUID) -> Select[Credential, datetime, str, datetime]:
    return (
        select(Credential, Connection.login_at, Connection.status, func.clock_timestamp())
        .join(Connection, Connection.id == Credential.connection_id)
        .where(Credential.connection_id == connection_id)
    )
