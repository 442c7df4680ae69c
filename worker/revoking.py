"""Withdrawing a login at its broker when it is disconnected: only where the broker can, and where it harms nobody else.

What is to be withdrawn is found out while the connection is locked; the broker is asked after the commit, once and for a
bounded time, unless somebody has logged in there in between: that may be the same login, made anew. What
fails is told, and undoes nothing: the person withdraws the permission at the broker themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

import settings
from brokers.errors import BrokerError
from brokers.interface import Declaration, NotConfigured, Revoking
from models.connection import Connection, Credential
from models.links import is_in_callback
from models.same_login import is_held_elsewhere
from models.sealing import CredentialsUnreadable
from models.session import Database
from worker import limits
from worker.attempts import clock
from worker.parts import Parts

log = logging.getLogger(__name__)

NO_LOGIN = "there was no login left to withdraw"
SHARED = "another connection here has this login, or is being linked and may have it"
UNREADABLE = "no key in ENCRYPTION_KEY opens the login"


@dataclass(frozen=True)
class Revocable:
    """A login that nobody else here held at `seen_at`, by the database's clock, at a broker that can withdraw it."""

    declared: Declaration
    broker: Revoking
    credentials: Mapping[str, str]
    seen_at: datetime

    def __repr__(self) -> str:
        return f"Revocable({self.declared.title})"


class NotRevoked(Exception):
    """The login was not withdrawn at the broker. The message says why, as a clause."""


def revocable(parts: Parts, session: Session, connection: Connection, credential: Credential | None) -> Revocable:
    """The login of a connection that is about to be disconnected. Raises `NotRevoked`."""
    if credential is None:
        raise NotRevoked(NO_LOGIN)
    try:
        broker = parts.broker(connection.broker)
    except (NotConfigured, KeyError):
        raise NotRevoked(f"{connection.broker} is not set up here, so it cannot be asked") from None
    if not isinstance(broker, Revoking):
        raise NotRevoked(f"{broker.declaration.title} has no call that withdraws a login")
    if is_held_elsewhere(session, connection) or is_in_callback(session, connection.broker):
        raise NotRevoked(SHARED)
    try:
        return Revocable(broker.declaration, broker, credential.document, clock(session))
    except (CredentialsUnreadable, settings.NotConfigured):
        raise NotRevoked(UNREADABLE) from None


def revoke(database: Database, login: Revocable) -> None:
    """Ask the broker to withdraw it. Raises `NotRevoked`, also where the login may have been made anew since."""
    try:
        with database.session() as session:
            if _may_be_made_anew(session, login):
                raise NotRevoked(SHARED)
        login.broker.revoke(login.credentials, deadline=limits.HTTP_TOTAL.total_seconds())
    except BrokerError as error:
        log.warning("a login was not withdrawn at its broker", extra={"kind": error.kind})
        raise NotRevoked(f"{login.declared.title} did not do it ({error})") from None
    except NotRevoked:
        raise
    except Exception:
        # Whatever it is: the login is forgotten already, which is what was asked for, and who asked must be told so.
        log.exception("internal fault while a login was withdrawn")
        raise NotRevoked("a fault of brokersync itself came in the way; the log says more") from None


def _may_be_made_anew(session: Session, login: Revocable) -> bool:
    broker = login.declared.name
    made = select(Connection.id).where(Connection.broker == broker, Connection.login_at > login.seen_at)
    return is_in_callback(session, broker) or bool(session.scalars(select(made.exists())).one())
