"""Withdrawing a login at its broker when it is disconnected: only where the broker can, and where it harms nobody else.

What is to be withdrawn is found out while the connection is locked; the broker is asked after the commit, once and for a
bounded time. What fails is told, and undoes nothing: the person withdraws the permission at the broker themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

import settings
from brokers.errors import BrokerError
from brokers.interface import NotConfigured, Revoking
from models.connection import Connection, Credential
from models.links import is_in_callback
from models.same_login import is_held_elsewhere
from models.sealing import CredentialsUnreadable
from worker import limits
from worker.parts import Parts

log = logging.getLogger(__name__)

NO_LOGIN = "there was no login left to withdraw"
SHARED = "another connection here has this login, or is being linked and may have it"
UNREADABLE = "no key in ENCRYPTION_KEY opens the login"


@dataclass(frozen=True)
class Revocable:
    """A login that nobody else here holds, at a broker that can withdraw it."""

    title: str
    broker: Revoking
    credentials: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Revocable({self.title})"


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
        return Revocable(broker.declaration.title, broker, credential.document)
    except (CredentialsUnreadable, settings.NotConfigured):
        raise NotRevoked(UNREADABLE) from None


def revoke(login: Revocable) -> None:
    """Ask the broker to withdraw it. Raises `NotRevoked`."""
    try:
        login.broker.revoke(login.credentials, deadline=limits.HTTP_TOTAL.total_seconds())
    except BrokerError as error:
        log.warning("a login was not withdrawn at its broker", extra={"kind": error.kind})
        raise NotRevoked(f"{login.title} did not do it ({error})") from None
    except Exception:
        # Whatever it is: the login is forgotten already, which is what was asked for, and who asked must be told so.
        log.exception("internal fault while a login was withdrawn")
        raise NotRevoked("a fault of brokersync itself came in the way; the log says more") from None
